/** One row: the cases that this client and this server can do between them. */
import { type TestContext, test } from 'node:test';
import { CASES } from './cases.js';
import type { TestClient } from './client.js';

/**
 * @param open everything is closed with the test's context
 * @param skip why it cannot be run here
 */
export function interop(
  row: string,
  open: (t: TestContext) => Promise<TestClient>,
  skip: string | false = false,
): void {
  test(`interop, ${row}`, { timeout: 120_000, skip }, async (t) => {
    const client = await open(t);
    t.after(() => client.close());
    for (const { name, needs = [], run } of CASES) {
      const missing = needs.filter((need) => !client.abilities.has(need));
      const skip = missing.length > 0 && `neither library offers ${missing.join(', ')}`;
      await t.test(name, { skip, timeout: 20_000 }, () => run(client));
    }
  });
}
