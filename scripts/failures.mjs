/** A reporter of node:test that says nothing but which tests failed, and why, in a few lines each. */
export default async function* failures(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:fail') continue;
    const { cause } = data.details.error;
    // A file of tests fails with its tests: they have told already.
    if (data.details.error.failureType === 'subtestsFailed') continue;
    const why = String(cause?.message ?? cause ?? data.details.error.message)
      .split('\n', 3)
      .join(' ');
    yield `${data.file ?? ''}: ${data.name}: ${why}\n`;
  }
}
