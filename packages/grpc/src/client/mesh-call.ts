/** One call of a channel: grpc-js's `Call` on the one side, a call of the mesh on the other. */
import { AsyncResource } from 'node:async_hooks';
import { type CallCredentials, type Metadata, status } from '@grpc/grpc-js';
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';
import type { Call, InterceptingListener, MessageContext } from '@grpc/grpc-js/build/src/call-interface.js';
import type { CallListener, CallStart, StartedCall } from 'heddle';
import type { HeaderFields } from 'heddle/ports';
import { type Coding, compress } from './compression.js';
import { frameOf } from './framing.js';
import { addGenerated, askedFor, generate } from './generated.js';
import { Inbox, type InboxOwner } from './inbox.js';
import { complete, fieldsOf, metadataOf } from './metadata.js';
import type { ChannelParts } from './parts.js';
import {
  type Ended,
  endedWith,
  type PartialStatus,
  statusIn,
  statusOfError,
  withoutStatus,
} from './status.js';
import { tellLater, tellMessage, tellMetadata, tellStatus } from './tell.js';

type Taken = (() => void) | null;

/** `WriteFlags.NoCompress` of grpc-js. */
const NO_COMPRESS = 2;

/**
 * The request leaves when it is known what it is: with its only message, if that and the end come at once, as they do of unary calls;
 * otherwise when the code that made the call has had its turn. What the application is told runs in the context in which it called.
 */
export class MeshCall extends AsyncResource implements Call, CallListener, InboxOwner {
  readonly #channel: ChannelParts;
  readonly #method: string;
  readonly #number: number;
  /** Milliseconds since the epoch; Infinity for none. */
  readonly #deadline: number;
  readonly #host: string | null;
  #credentials: CallCredentials | null = null;
  #headers: HeaderFields | null = null;
  #waitForReady = false;
  #listener: InterceptingListener | null = null;
  #started: StartedCall | null = null;
  /** Nothing holds the request back but what it is. */
  #ready = false;
  /** Frames that wait for the call to begin, and who is to be told of them. */
  #frames: Buffer[] | null = null;
  #takens: Taken[] | null = null;
  /** A message is being compressed. */
  #compressing = false;
  #halfClosed = false;
  #sends: Coding;
  readonly #inbox: Inbox;
  #paused = false;
  #httpStatus = 0;
  /** The only head of a call that has no other (trailers-only). */
  #onlyHead: HeaderFields | null = null;
  /** What comes when all messages were given. */
  #last: Ended | null = null;
  #over = false;
  /** @internal Told once, when the call is over. */
  onOver: (() => void) | null = null;

  constructor(channel: ChannelParts, number: number, method: string, deadline: number, host: string | null) {
    super('HEDDLE_GRPC_CALL');
    this.#channel = channel;
    this.#number = number;
    this.#method = method;
    this.#deadline = deadline;
    this.#host = host;
    this.#sends = channel.coding;
    this.#inbox = new Inbox(this, channel.settings.maxReceived);
  }

  // -- the application's side --

  start(metadata: Metadata, listener: InterceptingListener): void {
    this.#listener = listener;
    this.#waitForReady = metadata.getOptions().waitForReady === true;
    this.#headers = fieldsOf(metadata);
    if (this.#over) return;
    if (this.#channel.closed) this.cancelWithStatus(status.UNAVAILABLE, 'The channel has been closed');
    else if (this.#generates) this.#generate();
    else {
      this.#ready = true;
      process.nextTick(beginLate, this);
    }
  }

  sendMessageWithContext(context: MessageContext, message: Buffer): void {
    const { maxSent } = this.#channel.settings;
    const taken = context.callback ?? null;
    if (this.#over) {
      if (taken !== null) process.nextTick(taken);
      return;
    }
    if (maxSent !== -1 && message.length > maxSent) {
      const details = `Attempted to send message with a size larger than ${maxSent}`;
      this.cancelWithStatus(status.RESOURCE_EXHAUSTED, details);
      return;
    }
    if (this.#sends === 'identity' || ((context.flags ?? 0) & NO_COMPRESS) !== 0) {
      this.#send(frameOf(message, false), taken);
      return;
    }
    this.#compressing = true;
    compress(this.#sends, message, (compressed) => {
      this.#compressing = false;
      if (compressed === null) this.cancelWithStatus(status.INTERNAL, 'Failed to compress message');
      else this.#send(frameOf(compressed, true), taken);
      if (this.#halfClosed) this.#end();
      else this.beginLate();
    });
  }

  halfClose(): void {
    this.#halfClosed = true;
    if (!this.#compressing) this.#end();
  }

  startRead(): void {
    this.#inbox.want();
    this.moved();
  }

  cancelWithStatus(code: number, details: string): void {
    if (this.#over) return;
    this.#finish(endedWith(code, details), true);
    this.#started?.cancel(new Error(details));
  }

  setCredentials(credentials: CallCredentials): void {
    this.#credentials = credentials;
  }

  getPeer(): string {
    return this.#started?.peer ?? this.#channel.target;
  }

  getCallNumber(): number {
    return this.#number;
  }

  getAuthContext(): AuthContext | null {
    const started = this.#started;
    if (started === null || started.peer === null) return null;
    return started.isSecure ? { transportSecurityType: 'ssl' } : {};
  }

  /** @internal The code that made the call has had its turn. */
  beginLate(): void {
    if (this.#ready && this.#started === null && !this.#over && !this.#compressing) this.#begin('written');
  }

  // -- the mesh's side --

  onHead(httpStatus: number, headers: HeaderFields): void {
    this.#httpStatus = httpStatus;
    this.#channel.reached();
    if (headers['grpc-status'] !== undefined) {
      this.#onlyHead = headers;
      return;
    }
    if (httpStatus !== 200) return;
    const type = headers['content-type'] ?? 'application/grpc';
    if (!String(type).startsWith('application/grpc')) {
      const details = `Received content-type ${String(type)} instead of application/grpc`;
      this.cancelWithStatus(status.UNKNOWN, details);
      return;
    }
    const accepted = headers['grpc-accept-encoding'];
    if (accepted !== undefined) {
      this.#channel.accepts(String(accepted));
      this.#sends = this.#channel.coding;
    }
    this.#inbox.open(String(headers['grpc-encoding'] ?? 'identity'));
    this.runInAsyncScope(tellMetadata, null, this.#listener, metadataOf(headers));
  }

  onData(chunk: Uint8Array): boolean {
    this.#inbox.push(chunk);
    this.#paused = this.#inbox.isBehind;
    return !this.#paused;
  }

  onEnd(trailers: HeaderFields | null): void {
    const ended = statusIn(trailers) ?? statusIn(this.#onlyHead) ?? withoutStatus(this.#httpStatus);
    if (ended.code === status.OK && this.#inbox.isInside)
      this.#conclude(endedWith(status.INTERNAL, 'The stream ended in the middle of a message'));
    else this.#conclude(ended);
  }

  onError(error: unknown): void {
    this.#conclude(statusOfError(error));
  }

  // -- what goes out --

  #send(frame: Buffer, taken: Taken): void {
    if (this.#over) {
      taken?.();
      return;
    }
    if (this.#started !== null) {
      this.#started.countSent();
      this.#started.write(frame, taken);
      return;
    }
    if (this.#frames === null || this.#takens === null) {
      this.#frames = [frame];
      this.#takens = [taken];
      return;
    }
    this.#frames.push(frame);
    this.#takens.push(taken);
  }

  #end(): void {
    if (this.#over) return;
    if (this.#started !== null) this.#started.end();
    else if (this.#ready) this.#begin('whole');
  }

  #begin(as: 'whole' | 'written'): void {
    const frames = this.#frames;
    const takens = this.#takens;
    this.#frames = null;
    this.#takens = null;
    const isWhole = as === 'whole' && (frames === null || frames.length === 1);
    const timeoutMs =
      this.#deadline === Number.POSITIVE_INFINITY ? null : this.#deadline - this.#channel.now();
    const { settings, authority, calls } = this.#channel;
    const start: CallStart = {
      scheme: settings.scheme,
      authority,
      path: this.#method,
      headers: this.#fields(),
      body: isWhole ? (frames?.[0] ?? null) : 'written',
      waitForReady: this.#waitForReady,
      ...(timeoutMs !== null && { timeoutMs }),
    };
    const started = calls.start(start, this);
    this.#started = started;
    if (frames === null || takens === null) return;
    for (let at = 0; at < frames.length; at += 1) {
      started.countSent();
      if (isWhole) takens[at]?.();
      else started.write(frames[at]!, takens[at]!);
    }
    if (!isWhole && this.#halfClosed) started.end();
  }

  #fields(): HeaderFields {
    const { settings, coding } = this.#channel;
    const fields = this.#headers!;
    this.#headers = null;
    complete(fields, settings.userAgent, this.#sends === 'identity' ? null : coding);
    const host = this.#host ?? settings.authority;
    if (host !== null) fields.host = host;
    return fields;
  }

  // -- credentials --

  get #generates(): boolean {
    return this.#credentials !== null || this.#channel.settings.callCredentials !== null;
  }

  #generate(): void {
    const ofChannel = this.#channel.settings.callCredentials;
    const own = this.#credentials;
    const credentials = own === null ? ofChannel! : ofChannel === null ? own : own.compose(ofChannel);
    const asked = askedFor(this.#method, this.#host ?? this.#channel.authority);
    const { clock } = this.#channel;
    // Until the mesh has the call, its deadline is ours to watch.
    generate(
      credentials,
      asked,
      { clock, leftMs: this.#deadline - this.#channel.now() },
      (failed, metadata) => {
        if (this.#over) return;
        if (failed === null) this.#authorized(metadata);
        else this.unreadable(failed);
      },
    );
  }

  #authorized(generated: Metadata | undefined): void {
    const refused = addGenerated(this.#headers!, generated);
    if (refused !== null) {
      this.unreadable(refused);
      return;
    }
    this.#ready = true;
    if (this.#compressing) return;
    if (this.#halfClosed) this.#begin('whole');
    else this.#begin('written');
  }

  // -- what comes in --

  counted(): void {
    this.#started?.countReceived();
  }

  give(message: Buffer): void {
    this.runInAsyncScope(tellMessage, null, this.#listener, message);
  }

  unreadable({ code, details }: PartialStatus): void {
    this.cancelWithStatus(code, details);
  }

  moved(): void {
    if (this.#inbox.isBehind) return;
    if (this.#last !== null) this.#finish(this.#last, false);
    else if (this.#paused) {
      this.#paused = false;
      this.#started?.resume();
    }
  }

  /** A good end waits for the messages before it; a bad one does not wait for a reader that asks for none. */
  #conclude(ended: Ended): void {
    if (this.#over) return;
    const { isBehind, isDecompressing } = this.#inbox;
    if (isBehind && (ended.code === status.OK || isDecompressing)) this.#last = ended;
    else this.#finish(ended, false);
  }

  /** @param later not before the code that is running has had its turn */
  #finish(ended: Ended, later: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#last = null;
    this.#inbox.close();
    const takens = this.#takens;
    this.#frames = null;
    this.#takens = null;
    this.onOver?.();
    if (later) this.runInAsyncScope(tellLater, null, this.#listener, ended);
    else this.runInAsyncScope(tellStatus, null, this.#listener, ended);
    if (takens !== null) for (const taken of takens) taken?.();
  }
}

function beginLate(call: MeshCall): void {
  call.beginLate();
}
