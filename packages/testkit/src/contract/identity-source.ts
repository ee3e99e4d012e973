import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { chainFault, type IdentitySource, verifyPeer } from 'heddle/security';

/** An identity source under test. */
export interface IdentitySourceHarness {
  readonly source: IdentitySource;
  /** Makes the source have a new SVID. */
  rotate(): Promise<void>;
  /** Milliseconds since the epoch, as the source sees it. */
  wallNow(): number;
  close(): Promise<void>;
}

/** What every identity source must do, as tests of `node:test`. */
export function identitySourceContract(name: string, open: () => Promise<IdentitySourceHarness>): void {
  const contract = (what: string, run: (harness: IdentitySourceHarness) => Promise<void>) => {
    test(`${name}: ${what}`, async () => {
      const harness = await open();
      try {
        await run(harness);
      } finally {
        await harness.source.close();
        await harness.close();
      }
    });
  };

  const holds = ({ source, wallNow }: IdentitySourceHarness) => {
    const svid = source.svid.current();
    const bundle = source.bundle.current();
    const leaf = new X509Certificate(svid.chain[0]!);
    assert.ok(leaf.checkPrivateKey(svid.key));
    assert.equal(verifyPeer(leaf, { expected: [svid.id.toString()] }).kind, 'trusted');
    assert.equal(bundle.trustDomain, svid.id.trustDomain);
    assert.equal(chainFault(svid.chain, bundle.roots, wallNow()), null);
    assert.ok(svid.notBefore <= wallNow() && wallNow() < svid.notAfter);
  };

  contract('the SVID is one, its key is its own, and it leads to the bundle', async (harness) => {
    holds(harness);
  });

  contract('a rotation is told to subscribers, with a whole new pair', async (harness) => {
    const before = harness.source.svid.current();
    const told = new Promise<void>((resolve) => {
      const stop = harness.source.svid.subscribe(() => {
        stop();
        resolve();
      });
    });
    await harness.rotate();
    await told;
    assert.notEqual(harness.source.svid.current().chain[0], before.chain[0]);
    holds(harness);
  });

  contract('after close nothing is told any more, and what was held still is', async (harness) => {
    const before = harness.source.svid.current();
    await harness.source.close();
    assert.equal(harness.source.svid.current(), before);
  });
}
