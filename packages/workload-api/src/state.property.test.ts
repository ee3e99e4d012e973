import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa } from '@heddle/testkit';
import fc from 'fast-check';
import { isMeshError } from 'heddle/ports';
import { ID, message, response } from './spire.test.helper.js';
import { readState } from './state.js';

/** What an agent may send: a good message with bytes of one of its fields changed. Nothing but a refusal may come of it. */

test('a message with damaged fields is refused by name, or says whom it said before', async () => {
  const ca = await TestCa.create();
  const good = await message(ca, ID);
  const fields = ['x509_svid', 'x509_svid_key', 'bundle'] as const;
  const accident = fc.record({
    field: fc.constantFrom(...fields),
    at: fc.nat(2_000),
    byte: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom('set', 'cut', 'insert'),
  });
  const foreign = fc.dictionary(
    fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom('spiffe://other', 'other', ID, 'spiffe://cluster.local'),
    ),
    fc.oneof(
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(good.bundle),
    ),
    { maxKeys: 3 },
  );
  const id = fc.oneof(fc.constant(ID), fc.string({ maxLength: 40 }));
  const property = fc.property(
    fc.array(accident, { maxLength: 3 }),
    foreign,
    id,
    (accidents, federated, name) => {
      const damaged: { -readonly [K in keyof typeof good]: (typeof good)[K] } = { ...good, spiffe_id: name };
      for (const { field, at, byte, kind } of accidents) {
        const whole = damaged[field];
        const from = at % (whole.length + 1);
        const rest =
          kind === 'cut' ? [] : [Buffer.of(byte), whole.subarray(kind === 'set' ? from + 1 : from)];
        damaged[field] = Buffer.concat([whole.subarray(0, from), ...rest]);
      }
      try {
        const state = readState(response([damaged], { federated_bundles: federated }), {
          hint: undefined,
          wallNow: Date.now(),
        });
        assert.equal(state.svid.id.toString(), ID);
      } catch (error) {
        assert.ok(isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE'), String(error));
        assert.doesNotMatch(error.message, /PRIVATE/);
      }
    },
  );
  fc.assert(property, { seed: 20_261_123, numRuns: 500 });
});
