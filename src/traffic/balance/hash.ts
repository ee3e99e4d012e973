/**
 * The hash behind consistent hashing: 32 bit MurmurHash3 over the UTF-16 code units, low byte first. Envoy hashes UTF-8 with
 * xxHash64, so the endpoint that a key lands on differs from Envoy's; that the same key lands on the same endpoint in every
 * process of the mesh, which is what people rely on, holds.
 * @source Austin Appleby, MurmurHash3_x86_32
 */
export function hashText(text: string, seed = 0): number {
  let hash = seed | 0;
  const pairs = text.length & ~1;
  for (let index = 0; index < pairs; index += 2) {
    hash ^= scramble(text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (pairs < text.length) hash ^= scramble(text.charCodeAt(pairs));
  hash ^= text.length * 2;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
