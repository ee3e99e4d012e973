export type { Difference } from './differences.js';
export { readPolicyTests } from './read.js';
export {
  type PolicyTestReport,
  type PolicyTestResult,
  type RunPolicyTestsOptions,
  runPolicyTests,
} from './run.js';
export { type PolicyTestSpec, policyTestSpec, TEST_API_VERSION, TEST_KIND } from './schema.js';
