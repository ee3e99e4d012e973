export { describeFields, type FieldDescription, POLICY_TEST_FIELDS } from './describe.js';
export { type JsonSchema, kindJsonSchema, policyJsonSchema, SCHEMA_KINDS } from './json-schema.js';
