import { FakeClock, seededRandom } from 'heddle/ports';
import { RenewingIdentity } from 'heddle/security';
import { identitySourceContract, TestCa } from './index.js';

const HOUR_MS = 3_600_000;
const ID = 'spiffe://cluster.local/ns/default/sa/reviews';

identitySourceContract('RenewingIdentity', async () => {
  const clock = new FakeClock();
  const ca = await TestCa.create({ clock });
  const source = await RenewingIdentity.start({
    clock,
    random: seededRandom(1),
    issue: async (request) => ca.sign(request, ID, { notAfter: clock.wallNow() + HOUR_MS }),
  });
  return {
    source,
    rotate: () => clock.advanceAsync(HOUR_MS / 2),
    wallNow: () => clock.wallNow(),
    async close() {},
  };
});

identitySourceContract('TestIdentity', async () => {
  const clock = new FakeClock();
  const ca = await TestCa.create({ clock });
  const source = await ca.identity(ID);
  return {
    source,
    rotate: async () => source.svid.set(await ca.svid(ID)),
    wallNow: () => clock.wallNow(),
    async close() {},
  };
});
