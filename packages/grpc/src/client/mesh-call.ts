/** One call of a channel: grpc-js's `Call` on the one side, a call of the mesh on the other. */
import { AsyncResource } from 'node:async_hooks';
import { type CallCredentials, type Metadata, type StatusObject, status } from '@grpc/grpc-js';
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';
import type { Call, InterceptingListener, MessageContext } from '@grpc/grpc-js/build/src/call-interface.js';
import type { CallListener, CallStart, StartedCall } from 'heddle';
import type { HeaderFields } from 'heddle/ports';
import { ACCEPTED, type Coding, compress, decompress } from './compression.js';
import { frameOf, MessageReader, type Received, TooLong } from './framing.js';
import { fieldsOf, metadataOf } from './metadata.js';
import type { ChannelParts } from './parts.js';
import { type Ended, endedWith, statusIn, statusOfError, statusOfHttp } from './status.js';

type Taken = (() => void) | null;

/** `WriteFlags.NoCompress` of grpc-js. */
const NO_COMPRESS = 2;

/**
 * The request leaves when it is known what it is: with its only message, if that and the end come at once, as they do of unary calls;
 * otherwise when the code that made the call has had its turn. What the application is told runs in the context in which it called.
 */
export class MeshCall extends AsyncResource implements Call, CallListener {
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
  #reader: MessageReader | null = null;
  #receives = 'identity';
  /** Messages that nobody has asked for yet. */
  #queue: Received[] | null = null;
  #wanted = false;
  #decompressing = false;
  #paused = false;
  #httpStatus = 0;
  /** The only head of a call that has no other (trailers-only). */
  #onlyHead: HeaderFields | null = null;
  /** What comes when all messages were given. */
  #last: Ended | null = null;
  #over = false;
  #cleanUp: (() => void) | null = null;

  constructor(channel: ChannelParts, number: number, method: string, deadline: number, host: string | null) {
    super('HEDDLE_GRPC_CALL');
    this.#channel = channel;
    this.#number = number;
    this.#method = method;
    this.#deadline = deadline;
    this.#host = host;
    this.#sends = channel.coding;
  }

  // -- the application's side --

  start(metadata: Metadata, listener: InterceptingListener): void {
    this.#listener = listener;
    const { waitForReady } = metadata.getOptions();
    this.#waitForReady = waitForReady === true;
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
    this.#wanted = true;
    this.#pump();
    if (!this.#paused || this.#isBehind) return;
    this.#paused = false;
    this.#started?.resume();
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

  /** @internal Told once, when the call is over. */
  set onOver(cleanUp: () => void) {
    this.#cleanUp = cleanUp;
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
    const type = headers['content-type'];
    if (type !== undefined && !String(type).startsWith('application/grpc')) {
      this.cancelWithStatus(
        status.UNKNOWN,
        `Received content-type ${String(type)} instead of application/grpc`,
      );
      return;
    }
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined) {
      this.#receives = String(encoding);
    }
    const accepted = headers['grpc-accept-encoding'];
    if (accepted !== undefined) {
      this.#channel.accepts(String(accepted));
      this.#sends = this.#channel.coding;
    }
    this.#reader = new MessageReader(this.#channel.settings.maxReceived);
    this.runInAsyncScope(tellMetadata, null, this.#listener, metadataOf(headers));
  }

  onData(chunk: Uint8Array): boolean {
    const reader = this.#reader;
    // Without a head of gRPC's, the body is for people.
    if (reader === null) return true;
    reader.push(chunk);
    try {
      for (let message = reader.next(); message !== null && !this.#over; message = reader.next())
        this.#arrived(message);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      this.cancelWithStatus(status.RESOURCE_EXHAUSTED, error.message);
    }
    this.#paused = this.#isBehind;
    return !this.#paused;
  }

  onEnd(trailers: HeaderFields | null): void {
    const said = (trailers && statusIn(trailers)) ?? (this.#onlyHead && statusIn(this.#onlyHead));
    if (said === null || said === undefined) this.#conclude(this.#withoutStatus());
    else if (said.code === status.OK && this.#reader?.isInside === true)
      this.#conclude(endedWith(status.INTERNAL, 'The stream ended in the middle of a message'));
    else this.#conclude(said);
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
    fields['content-type'] = 'application/grpc';
    fields.te = 'trailers';
    fields['user-agent'] = settings.userAgent;
    fields['grpc-accept-encoding'] = ACCEPTED;
    if (this.#sends !== 'identity') fields['grpc-encoding'] = coding;
    else if (fields['grpc-encoding'] !== undefined) delete fields['grpc-encoding'];
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
    const timer = this.#limitWait();
    const service = this.#method.slice(0, this.#method.lastIndexOf('/'));
    const { authority } = this.#channel;
    const asked = {
      method_name: this.#method,
      service_url: `https://${this.#host ?? authority.replace(/:443$/, '')}${service}`,
    };
    credentials.generateMetadata(asked).then(
      (metadata) => {
        timer?.cancel();
        if (!this.#over) this.#authorized(metadata);
      },
      (error: unknown) => {
        timer?.cancel();
        this.#unauthorized(error);
      },
    );
  }

  /** Until the mesh has the call, its deadline is ours to watch. */
  #limitWait(): { cancel(): void } | null {
    if (this.#deadline === Number.POSITIVE_INFINITY) return null;
    const { clock } = this.#channel;
    const leftMs = Math.max(0, this.#deadline - this.#channel.now());
    return clock.after(leftMs, () =>
      this.cancelWithStatus(status.DEADLINE_EXCEEDED, 'Deadline exceeded while metadata was generated'),
    );
  }

  #authorized(generated: Metadata | undefined): void {
    const fields = this.#headers!;
    if (generated !== undefined) {
      const added = fieldsOf(generated);
      for (const name of Object.keys(added)) {
        const present = fields[name];
        fields[name] = present === undefined ? added[name]! : [present, added[name]!].flat();
      }
    }
    if (Array.isArray(fields.authorization)) {
      this.cancelWithStatus(status.INTERNAL, '"authorization" metadata cannot have multiple values');
      return;
    }
    this.#ready = true;
    if (this.#compressing) return;
    if (this.#halfClosed) this.#begin('whole');
    else this.#begin('written');
  }

  #unauthorized(error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: string };
    const details = `Getting metadata from plugin failed with error: ${message ?? String(error)}`;
    const known = typeof code === 'number' ? code : status.UNKNOWN;
    if (!NOT_OF_A_PLUGIN.has(known)) this.cancelWithStatus(known, details);
    else
      this.cancelWithStatus(
        status.INTERNAL,
        `Invalid status from control plane: ${known} ${status[known]} ${details}`,
      );
  }

  // -- what comes in --

  /** Are there messages that nobody has asked for? */
  get #isBehind(): boolean {
    return this.#decompressing || (this.#queue !== null && this.#queue.length > 0);
  }

  #arrived(message: Received): void {
    this.#started?.countReceived();
    // Most messages come when somebody waits for one.
    if (this.#wanted && !message.compressed && !this.#isBehind) {
      this.#wanted = false;
      this.#give(message.bytes);
      return;
    }
    if (this.#queue === null) this.#queue = [message];
    else this.#queue.push(message);
    this.#pump();
  }

  #pump(): void {
    while (this.#wanted && !this.#over && !this.#decompressing && this.#queue !== null) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      this.#wanted = false;
      if (!message.compressed) this.#give(message.bytes);
      else {
        this.#decompressing = true;
        decompress(this.#receives, message.bytes, this.#channel.settings.maxReceived, (failed, whole) => {
          this.#decompressing = false;
          if (this.#over) return;
          if (failed !== null) {
            this.cancelWithStatus(failed.code, failed.details);
            return;
          }
          this.#give(whole);
          // More may have been asked for meanwhile.
          if (this.#wanted) this.startRead();
          else if (this.#paused && !this.#isBehind) {
            this.#paused = false;
            this.#started?.resume();
          }
        });
      }
    }
    if (this.#last !== null && !this.#isBehind) this.#finish(this.#last, false);
  }

  #give(message: Buffer): void {
    this.runInAsyncScope(tellMessage, null, this.#listener, message);
    if (this.#last !== null && !this.#isBehind) this.#finish(this.#last, false);
  }

  #withoutStatus(): Ended {
    if (this.#httpStatus !== 200) return statusOfHttp(this.#httpStatus);
    return endedWith(status.UNKNOWN, 'The call ended without a gRPC status');
  }

  /** A good end waits for the messages before it; a bad one does not wait for a reader that asks for none. */
  #conclude(ended: Ended): void {
    if (this.#over) return;
    if (this.#isBehind && (ended.code === status.OK || this.#decompressing)) this.#last = ended;
    else this.#finish(ended, false);
  }

  /** @param later not before the code that is running has had its turn */
  #finish(ended: Ended, later: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#last = null;
    this.#queue = null;
    const takens = this.#takens;
    this.#frames = null;
    this.#takens = null;
    this.#cleanUp?.();
    if (later) this.runInAsyncScope(tellLater, null, this.#listener, ended);
    else this.runInAsyncScope(tellStatus, null, this.#listener, ended);
    if (takens !== null) for (const taken of takens) taken?.();
  }
}

function beginLate(call: MeshCall): void {
  call.beginLate();
}

function tellMetadata(listener: InterceptingListener | null, metadata: Metadata): void {
  listener?.onReceiveMetadata(metadata);
}

function tellMessage(listener: InterceptingListener | null, message: Buffer): void {
  listener?.onReceiveMessage(message);
}

function tellStatus(listener: InterceptingListener | null, ended: StatusObject): void {
  listener?.onReceiveStatus(ended);
}

function tellLater(listener: InterceptingListener | null, ended: StatusObject): void {
  process.nextTick(tellStatus, listener, ended);
}

/** What a generator of metadata has no right to say. @source gRPC A54 */
const NOT_OF_A_PLUGIN: ReadonlySet<number> = new Set([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.DATA_LOSS,
]);
