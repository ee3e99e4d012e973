import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { content, type DerNode, items, readDer, readOid, TAG } from './der.js';
import { integer, nothing, octets, oid, sequence, setOf, tagged, writeDer } from './der-write.js';
import { fromPem, toPem } from './pem.js';
import { checkMac, decryptPbes2, MAC_DIGEST, newMac, refused } from './pkcs12-crypto.js';

/**
 * PKCS#12: key and chain in one encrypted file, for browsers, Java and operators' machines. node-forge writes and reads the
 * DER and derives the MAC's key; it knows no elliptic curves, so keys stay what node:crypto makes of them.
 * @source RFC 7292
 */

const WHAT = 'the PKCS#12 file';
/** Files from tools that add whole chains and a name or two have under 20 KiB. */
const MAX_FILE_BYTES = 256 * 1024;
const MAC_ROUNDS = 2048;

const ID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  localKeyId: '1.2.840.113549.1.9.21',
};

export interface KeyAndChain {
  /** PEM, leaf first. */
  readonly chain: readonly string[];
  readonly key: KeyObject;
}

/**
 * The file, encrypted with AES-256 and protected by a SHA-256 MAC. Certificates in it are readable: they are public.
 * @param passphrase printable ASCII: programs disagree on everything else
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT`
 */
export async function exportPkcs12(pair: KeyAndChain, passphrase: string): Promise<Buffer> {
  requirePassphrase(passphrase);
  if (pair.chain.length === 0) throw refused('there is no certificate to put into it');
  const secret = pair.key.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase });
  // Readers find the key's own certificate by this mark.
  const mark = setOf(sequence(oid(ID.localKeyId), setOf(octets(Uint8Array.of(1)))));
  const certificates = pair.chain.map((pem, index) => {
    const bag = sequence(oid(ID.x509Certificate), tagged(0, octets(fromPem('CERTIFICATE', pem))));
    return sequence(oid(ID.certBag), tagged(0, bag), ...(index === 0 ? [mark] : []));
  });
  const key = sequence(oid(ID.shroudedKeyBag), tagged(0, readDer(secret, 'the encrypted key')), mark);
  const safe = writeDer(sequence(dataOf(sequence(...certificates)), dataOf(sequence(key))));
  const salt = randomBytes(16);
  const mac = await newMac(safe, passphrase, salt, MAC_ROUNDS);
  const digest = sequence(sequence(oid(MAC_DIGEST), nothing()), octets(mac));
  return writeDer(
    sequence(
      integer(3),
      sequence(oid(ID.data), tagged(0, octets(safe))),
      sequence(digest, octets(salt), integer(MAC_ROUNDS)),
    ),
  );
}

/**
 * Key and chain of a file that openssl, node-forge or {@link exportPkcs12} wrote. The first key counts; its certificate comes
 * first, the others keep their order.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a wrong passphrase, a changed file, or ciphers from before AES
 */
export async function importPkcs12(file: Uint8Array, passphrase: string): Promise<KeyAndChain> {
  requirePassphrase(passphrase);
  const [version, safeInfo, macData] = items(readDer(file, WHAT, MAX_FILE_BYTES), TAG.sequence, WHAT);
  if (content(version, TAG.integer, WHAT)[0] !== 3) throw refused('its version is not 3');
  const safe = contentOfData(safeInfo);
  await checkMac(macData, safe, passphrase);
  const keys: KeyObject[] = [];
  const chain: string[] = [];
  for (const info of items(readDer(safe, WHAT, MAX_FILE_BYTES), TAG.sequence, WHAT)) {
    const bags = readDer(bagsOf(info, passphrase), WHAT, MAX_FILE_BYTES);
    for (const bag of items(bags, TAG.sequence, WHAT)) readBag(bag, passphrase, keys, chain);
  }
  const [key] = keys;
  if (key === undefined || chain.length === 0) throw refused('it does not hold both a key and a certificate');
  return { key, chain: leafFirst(key, chain) };
}

function dataOf(value: DerNode): DerNode {
  return sequence(oid(ID.data), tagged(0, octets(writeDer(value))));
}

function contentOfData(info: DerNode | undefined): Buffer {
  const [type, value] = items(info, TAG.sequence, WHAT);
  if (readOid(type, WHAT) !== ID.data) throw refused('it is signed, not protected by a passphrase');
  return content(items(value, 0xa0, WHAT)[0], TAG.octetString, WHAT);
}

function bagsOf(info: DerNode, passphrase: string): Buffer {
  const [type, value] = items(info, TAG.sequence, WHAT);
  if (readOid(type, WHAT) !== ID.encryptedData) return contentOfData(info);
  const encrypted = items(items(value, 0xa0, WHAT)[0], TAG.sequence, WHAT)[1];
  const [, algorithm, secret] = items(encrypted, TAG.sequence, WHAT);
  return decryptPbes2(algorithm, content(secret, 0x80, WHAT), passphrase);
}

function readBag(bag: DerNode, passphrase: string, keys: KeyObject[], chain: string[]): void {
  const [type, wrapped] = items(bag, TAG.sequence, WHAT);
  const value = items(wrapped, 0xa0, WHAT)[0];
  switch (readOid(type, WHAT)) {
    case ID.keyBag:
      keys.push(readKey(writeDer(value!)));
      return;
    case ID.shroudedKeyBag: {
      const [algorithm, secret] = items(value, TAG.sequence, WHAT);
      keys.push(readKey(decryptPbes2(algorithm, content(secret, TAG.octetString, WHAT), passphrase)));
      return;
    }
    case ID.certBag: {
      const [kind, certificate] = items(value, TAG.sequence, WHAT);
      if (readOid(kind, WHAT) !== ID.x509Certificate) return;
      const der = content(items(certificate, 0xa0, WHAT)[0], TAG.octetString, WHAT);
      chain.push(toPem('CERTIFICATE', der));
    }
  }
}

function readKey(pkcs8: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch {
    throw refused('its private key cannot be read');
  }
}

function leafFirst(key: KeyObject, chain: readonly string[]): string[] {
  const isLeaf = (pem: string) => {
    try {
      return new X509Certificate(pem).checkPrivateKey(key);
    } catch {
      throw refused('a certificate in it cannot be read');
    }
  };
  const index = chain.findIndex(isLeaf);
  if (index < 0) throw refused('none of its certificates is for its key');
  return [chain[index]!, ...chain.filter((_pem, other) => other !== index)];
}

function requirePassphrase(passphrase: string): void {
  if (!/^[\x20-\x7e]{1,256}$/.test(passphrase))
    throw refused('a passphrase is 1 to 256 printable ASCII characters');
}
