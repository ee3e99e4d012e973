/** One identity for both sides, in memory and as files. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ID = 'spiffe://cluster.local/ns/default/sa/peer';

/** @returns the texts, the folder that they are in, and the one above it, which whoever asked removes */
export async function identityOf() {
  const { TestCa } = await import('@heddle/testkit');
  const ca = await TestCa.create();
  const svid = await ca.svid(ID);
  const pem = {
    cert: svid.chain.join(''),
    key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
    ca: ca.bundle.roots.join(''),
  };
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  const identity = join(folder, 'identity');
  mkdirSync(identity);
  for (const [name, text] of Object.entries(pem))
    writeFileSync(join(identity, `${name}.pem`), text, { mode: 0o600 });
  return { pem, identity, folder };
}
