/** Results of policy tests as JUnit XML, which the CI systems read. */
import type { PolicyTestReport, PolicyTestResult } from 'heddle/policy';

/** @source the JUnit schema of Jenkins' plugin: what is common to all readers */
export function junitXml({ cases, failed }: PolicyTestReport): string {
  const counts = `tests="${cases.length}" failures="${failed}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="heddle test" ${counts}>
${cases.map(testCase).join('')}  </testsuite>
</testsuites>
`;
}

function testCase({ test, name, file, line, passed, differences, steps }: PolicyTestResult): string {
  const open = `    <testcase classname="${xml(test)}" name="${xml(name)}" file="${xml(file)}" line="${line}"`;
  if (passed) return `${open}/>\n`;
  const found = differences.map(
    ({ field, expected, actual }) => `${field}: expected ${expected}, but it is ${actual}`,
  );
  const text = [...found, ...steps.map((step, index) => `  ${index + 1}. ${step}`)].join('\n');
  return `${open}>
      <failure message="${xml(found.join('; '))}">${xml(text)}</failure>
    </testcase>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function xml(text: string): string {
  // Characters that no XML document may hold.
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '?')
    .replace(/[&<>"]/g, (one) => ENTITIES[one]!);
}
