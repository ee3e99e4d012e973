/** Messages of a call that have arrived, until they are asked for. */
import { status } from '@grpc/grpc-js';
import { decompress } from './compression.js';
import { MessageReader, type Received, TooLong } from './framing.js';
import type { PartialStatus } from './status.js';

export interface InboxOwner {
  /** A message has arrived, asked for or not. */
  counted(): void;
  /** Here is the one that was asked for. */
  give(message: Buffer): void;
  /** Something cannot be read: the call is over. */
  unreadable(failed: PartialStatus): void;
  /** Fewer wait than before, or none. */
  moved(): void;
}

export class Inbox {
  readonly #owner: InboxOwner;
  readonly #most: number;
  #reader: MessageReader | null = null;
  #coding = 'identity';
  /** Messages that nobody has asked for yet. */
  #queue: Received[] | null = null;
  #wanted = false;
  #decompressing = false;
  #closed = false;

  /** @param most bytes of a message; -1 for no limit */
  constructor(owner: InboxOwner, most: number) {
    this.#owner = owner;
    this.#most = most;
  }

  /** Messages begin. Without that, what arrives is for people. @param coding of those that are compressed */
  open(coding: string): void {
    this.#reader = new MessageReader(this.#most);
    this.#coding = coding;
  }

  /** A message has begun to arrive, and not ended. */
  get isInside(): boolean {
    return this.#reader?.isInside === true;
  }

  /** Are there messages that nobody has asked for, or that are not readable yet? */
  get isBehind(): boolean {
    return this.#decompressing || (this.#queue !== null && this.#queue.length > 0);
  }

  get isDecompressing(): boolean {
    return this.#decompressing;
  }

  push(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (reader === null) return;
    reader.push(chunk);
    try {
      for (let message = reader.next(); message !== null && !this.#closed; message = reader.next())
        this.#arrived(message);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      this.#owner.unreadable({ code: status.RESOURCE_EXHAUSTED, details: error.message });
    }
  }

  /** Asks for one message. */
  want(): void {
    this.#wanted = true;
    this.#pump();
  }

  /** Nobody is given anything any more. */
  close(): void {
    this.#closed = true;
    this.#queue = null;
  }

  #arrived(message: Received): void {
    this.#owner.counted();
    // Most messages come when somebody waits for one.
    if (this.#wanted && !message.compressed && !this.isBehind) {
      this.#wanted = false;
      this.#owner.give(message.bytes);
      return;
    }
    if (this.#queue === null) this.#queue = [message];
    else this.#queue.push(message);
    this.#pump();
  }

  #pump(): void {
    while (this.#wanted && !this.#closed && !this.#decompressing && this.#queue !== null) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      this.#wanted = false;
      if (message.compressed) this.#decompress(message.bytes);
      else this.#owner.give(message.bytes);
    }
  }

  #decompress(bytes: Buffer): void {
    this.#decompressing = true;
    decompress(this.#coding, bytes, this.#most, (failed, whole) => {
      this.#decompressing = false;
      if (this.#closed) return;
      if (failed !== null) {
        this.#owner.unreadable(failed);
        return;
      }
      this.#owner.give(whole);
      // More may have been asked for meanwhile.
      this.#pump();
      this.#owner.moved();
    });
  }
}
