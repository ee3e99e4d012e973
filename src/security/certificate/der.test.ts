import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { type DerNode, readDer, readOid, readTime } from './der.js';
import { boolean, integer, octets, oid, sequence, tagged, time, utf8, writeDer } from './der-write.js';
import { readCertificate } from './fields.js';
import { createRoot, issueCertificate } from './issue.js';
import { fromPem } from './pem.js';
import { createRequest, parseRequest } from './request.js';

const NOW = Date.UTC(2026, 0, 1);
let certificate: Buffer;
let request: Buffer;

before(async () => {
  const root = await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: NOW });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spiffeId = SpiffeId.parse('spiffe://td/ns/a/sa/b');
  const pem = issueCertificate({ issuer: root, publicKey, spiffeId, notBefore: NOW, notAfter: NOW + 1e6 });
  certificate = fromPem('CERTIFICATE', pem);
  request = createRequest({ key: privateKey, spiffeId });
});

/** Every reader that meets bytes of strangers. Whatever they say, it is an answer or a MeshError. */
function neverThrowsAnythingElse(bytes: Uint8Array): void {
  for (const read of [
    () => readDer(bytes, 'it'),
    () => readCertificate(bytes),
    () => parseRequest(bytes),
    () => fromPem('CERTIFICATE', Buffer.from(bytes).toString('latin1')),
  ]) {
    try {
      read();
    } catch (error) {
      assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
    }
  }
}

test('random bytes are read or refused with HEDDLE_INVALID_ARGUMENT, never anything else', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), neverThrowsAnythingElse), { numRuns: 2_000 });
});

test('random trees of well-formed headers are read or refused with HEDDLE_INVALID_ARGUMENT', () => {
  const tree = fc.letrec<{ node: Buffer }>((tie) => ({
    node: fc
      .tuple(
        fc.integer({ min: 0, max: 255 }),
        fc.oneof(
          { maxDepth: 5 },
          fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
          fc.array(tie('node'), { maxLength: 5 }).map((parts) => Buffer.concat(parts)),
        ),
      )
      .map(([tag, body]) =>
        body.length < 128
          ? Buffer.concat([Buffer.of(tag, body.length), body])
          : Buffer.concat([Buffer.of(tag, 0x82, body.length >> 8, body.length & 0xff), body]),
      ),
  })).node;
  fc.assert(fc.property(tree, neverThrowsAnythingElse), { numRuns: 2_000 });
});

test('a real certificate or request with changed, cut or added bytes is read or refused, never anything else', () => {
  const mutation = fc.tuple(
    fc.boolean(),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    fc.option(fc.nat()),
    fc.uint8Array({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(mutation, ([which, changes, cut, added]) => {
      const bytes = Buffer.from(which ? certificate : request);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const end = cut === null ? bytes.length : cut % bytes.length;
      neverThrowsAnythingElse(Buffer.concat([bytes.subarray(0, end), added]));
    }),
    { numRuns: 3_000 },
  );
});

test('what is read is written again byte for byte', () => {
  assert.deepEqual(writeDer(readDer(certificate, 'it')), certificate);
  assert.deepEqual(writeDer(readDer(request, 'it')), request);
});

const REFUSED: readonly (readonly [what: string, hex: string, because: RegExp])[] = [
  ['nothing', '', /cut off/],
  ['a tag alone', '30', /cut off/],
  ['a value beyond the end', '0402aa', /cut off/],
  ['a child beyond its parent', '300304020000', /cut off/],
  ['bytes after the end', '040100ff', /follow its end/],
  ['an indefinite length', '30800000', /length is malformed/],
  ['a length of more than four octets', '04850000000001aa', /length is malformed/],
  ['an overlong length', '048101aa', /not minimal/],
  ['a length with a leading zero', `04820080${'00'.repeat(128)}`, /not minimal/],
  ['a tag number in several octets', '1f8100', /tag number/],
  ['an integer with a needless zero', '02020001', /canonical/],
];

for (const [what, hex, because] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(() => readDer(Buffer.from(hex, 'hex'), 'it'), because);
  });
}

test('too many bytes, too many values and too deep a nesting are refused before anything is built', () => {
  assert.throws(() => readDer(Buffer.alloc(70_000), 'it'), /longer than 65536 bytes/);
  assert.throws(() => readDer(Buffer.alloc(101), 'it', 100), /longer than 100 bytes/);
  const flood = sequence(...Array.from({ length: 5_000 }, () => boolean(true)));
  assert.throws(() => readDer(writeDer(flood), 'it'), /more than 4096 values/);
  let deep: DerNode = boolean(true);
  for (let depth = 0; depth < 30; depth += 1) deep = sequence(deep);
  assert.throws(() => readDer(writeDer(deep), 'it'), /nested too deeply/);
  // An attacker's cheapest nesting: nothing but headers.
  const headers = Buffer.alloc(20_000);
  for (let at = 0; at < headers.length; at += 2) headers.writeUInt16BE(0x3000, at);
  assert.throws(() => readDer(headers, 'it'), /HEDDLE_INVALID_ARGUMENT/);
});

test('integers of any size are written with one sign octet where it is needed and no other zero', () => {
  const hex = (value: Uint8Array | number) => writeDer(integer(value)).toString('hex');
  assert.equal(hex(0), '020100');
  assert.equal(hex(127), '02017f');
  assert.equal(hex(128), '02020080');
  assert.equal(hex(65_537), '0203010001');
  assert.equal(hex(Uint8Array.of(0, 0, 0xff)), '020200ff');
});

test('object identifiers survive writing and reading; malformed ones are refused', () => {
  for (const dotted of ['2.5.29.17', '1.2.840.113549.1.9.14', '1.3.6.1.5.5.7.3.1']) {
    assert.equal(readOid(readDer(writeDer(oid(dotted)), 'it'), 'it'), dotted);
  }
  for (const hex of ['0600', '060182']) {
    assert.throws(() => readOid(readDer(Buffer.from(hex, 'hex'), 'it'), 'it'), /object identifier/);
  }
});

test('times survive writing and reading, as UTCTime until 2049 and GeneralizedTime after', () => {
  const instant = fc.integer({ min: Date.UTC(1950, 0, 1) / 1000, max: Date.UTC(9999, 11, 31) / 1000 });
  fc.assert(
    fc.property(instant, (seconds) => {
      const written = writeDer(time(seconds * 1000));
      assert.equal(written[0], seconds * 1000 < Date.UTC(2050, 0, 1) ? 0x17 : 0x18);
      assert.equal(readTime(readDer(written, 'it'), 'it'), seconds * 1000);
    }),
  );
});

test('times that do not exist or have another form are refused', () => {
  const written = (tag: number, text: string) =>
    readDer(Buffer.concat([Buffer.of(tag, text.length), Buffer.from(text)]), 'it');
  for (const text of [
    '260230000000Z',
    '261301000000Z',
    '260101240000Z',
    '2601010000Z',
    '260101000000+0100',
    '',
  ]) {
    assert.throws(() => readTime(written(0x17, text), 'it'), /HEDDLE_INVALID_ARGUMENT/, text);
  }
  assert.throws(() => readTime(written(0x18, '260101000000Z'), 'it'), /HEDDLE_INVALID_ARGUMENT/);
  assert.throws(() => readTime(utf8('260101000000Z'), 'it'), /HEDDLE_INVALID_ARGUMENT/);
});

test('nested values are written inside each other', () => {
  const node = sequence(tagged(3, octets(Uint8Array.of(1))), integer(7));
  assert.equal(writeDer(node).toString('hex'), '3008a303040101020107');
});
