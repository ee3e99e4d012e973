/** `deflate` means zlib's format, but servers send the bare one too: the first byte tells. @source RFC 9110 §8.4.1.2 */
import { Transform, type TransformCallback } from 'node:stream';
import { createInflate, createInflateRaw, type ZlibOptions } from 'node:zlib';

export function isZlib(bytes: Uint8Array): boolean {
  return (bytes[0]! & 0x0f) === 0x08;
}

export class Inflate extends Transform {
  readonly #options: ZlibOptions;
  #inner: Transform | null = null;

  constructor(options: ZlibOptions) {
    super();
    this.#options = options;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#inner ??= this.#open(chunk);
    this.#inner.write(chunk, () => callback());
  }

  override _flush(callback: TransformCallback): void {
    if (this.#inner === null) callback();
    else this.#inner.once('end', () => callback()).end();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    callback(error);
  }

  #open(first: Uint8Array): Transform {
    const inner = isZlib(first) ? createInflate(this.#options) : createInflateRaw(this.#options);
    inner.on('data', (decoded: Buffer) => this.push(decoded));
    inner.on('error', (error) => this.destroy(error));
    return inner;
  }
}
