/** Writes until it is killed, and says what was acknowledged: `{"key", "revision"}` a line. */
import { openEmbeddedStore } from './embedded.js';

const store = openEmbeddedStore({ directory: process.argv[2]! });

async function write(writer: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const key = `k/${writer}-${index}`;
    const { revision } = await store.commit({ operations: [{ type: 'put', key, value: 'x'.repeat(1_000) }] });
    process.stdout.write(`${JSON.stringify({ key, revision })}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
