/**
 * Messages in the body of a call: each has five bytes in front.
 * @source grpc `doc/PROTOCOL-HTTP2.md`, Length-Prefixed-Message
 */
const PREFIX_BYTES = 5;

/** One message as it goes to the wire. */
export function frameOf(message: Uint8Array, compressed: boolean): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = compressed ? 1 : 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** A message as it came. */
export class Received {
  readonly bytes: Buffer;
  readonly compressed: boolean;

  constructor(bytes: Buffer, compressed: boolean) {
    this.bytes = bytes;
    this.compressed = compressed;
  }
}

/** A peer that says a message is longer than may be received. */
export class TooLong extends Error {}

/** Finds the messages in what arrives, in whatever pieces it does. */
export class MessageReader {
  readonly #most: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the message whose prefix was read; -1: none was. */
  #length = -1;
  #compressed = false;

  /** @param most bytes of a message; -1 for no limit */
  constructor(most: number) {
    this.#most = most;
  }

  /** A message has begun to arrive, and not ended. */
  get isInside(): boolean {
    return this.#bytes > 0 || this.#length >= 0;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
  }

  /** The next whole message; null: it is not all here. @throws TooLong */
  next(): Received | null {
    if (this.#length < 0) {
      if (this.#bytes < PREFIX_BYTES) return null;
      const prefix = this.#take(PREFIX_BYTES);
      this.#compressed = prefix[0] === 1;
      this.#length = prefix.readUInt32BE(1);
      if (this.#most !== -1 && this.#length > this.#most)
        throw new TooLong(`Received message larger than max (${this.#length} vs ${this.#most})`);
    }
    if (this.#bytes < this.#length) return null;
    const message = new Received(this.#take(this.#length), this.#compressed);
    this.#length = -1;
    return message;
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0];
    if (length === 0 || first === undefined) return EMPTY;
    this.#bytes -= length;
    if (first.length > length) {
      this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (first.length === length) {
      this.#chunks.shift();
      return first;
    }
    return this.#gather(length);
  }

  #gather(length: number): Buffer {
    const whole = Buffer.allocUnsafe(length);
    let at = 0;
    let used = 0;
    while (at < length) {
      const chunk = this.#chunks[used]!;
      const left = length - at;
      if (chunk.length > left) {
        chunk.copy(whole, at, 0, left);
        this.#chunks[used] = chunk.subarray(left);
        break;
      }
      chunk.copy(whole, at);
      at += chunk.length;
      used += 1;
    }
    this.#chunks.splice(0, used);
    return whole;
  }
}

const EMPTY = Buffer.alloc(0);
