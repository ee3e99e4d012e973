/** A connection that was upgraded: what one end writes, the other reads, each no faster than the other takes it. */
import type { Duplex } from 'node:stream';

export interface Written {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

type Done = (error?: Error | null) => void;

export class Tunnel {
  readonly #far: Duplex;
  #ended = false;

  /** @param far the upgraded connection; owned by the tunnel from now on */
  constructor(far: Duplex) {
    this.#far = far;
  }

  /** @param near gets what the other end writes, its end, and its errors */
  open(near: Duplex): void {
    const far = this.#far;
    far.on('data', (chunk: Buffer) => {
      if (!near.push(chunk)) far.pause();
    });
    far.once('end', () => {
      this.#ended = true;
      near.push(null);
    });
    far.once('error', (error) => near.destroy(error));
    far.once('close', () => {
      if (!this.#ended) near.destroy();
    });
    if (far.destroyed) near.destroy();
  }

  /** The near end wants more. */
  resume(): void {
    this.#far.resume();
  }

  /** @param done once the last of them is taken */
  write(chunks: readonly Written[], done: Done): void {
    const far = this.#far;
    if (far.destroyed) {
      done();
      return;
    }
    const last = chunks.length - 1;
    far.cork();
    for (const [i, { chunk, encoding }] of chunks.entries()) {
      const whenWritten = i === last ? done : undefined;
      if (typeof chunk === 'string') far.write(chunk, encoding, whenWritten);
      else far.write(chunk, whenWritten);
    }
    far.uncork();
  }

  /** The near end has ended. */
  end(done: Done): void {
    if (this.#far.destroyed || this.#far.writableEnded) done();
    else this.#far.end(() => done());
  }

  destroy(): void {
    this.#far.destroy();
  }
}
