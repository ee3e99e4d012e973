/**
 * One life of the policy stream: says hello, hands over what arrives, and notices when the other side is gone. Reconnecting is the
 * client's business.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Clock, Timer } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import {
  type ControlMessage,
  MAX_MESSAGE_BYTES,
  PROTOCOL_VERSION,
  type WorkloadMessage,
} from '../../ports/control-protocol.js';
import { refusal } from './answer.js';
import { formatLine, LineReader } from './ndjson.js';
import { parseControlMessage } from './wire.js';

/** Until the service has said welcome. */
const WELCOME_MS = 5_000;
/** Pings without any answer before the peer counts as gone. */
const MISSED_PINGS = 3;
/** However often the service asks for pings: not a busy loop, and a dead peer is noticed within three minutes. */
const PING_RANGE_MS = { least: 50, most: 60_000 };
/** For the service to end its side after we ended ours. */
const CLOSE_MS = 1_000;

export interface StreamEnd {
  readonly error: MeshError;
  /** Whether the service said welcome in this life. */
  readonly welcomed: boolean;
  /** false: the service wants no more of this workload for now. */
  readonly retry: boolean;
  /** Ended by `replace`: nothing is wrong. */
  readonly planned: boolean;
}

export interface StreamOptions {
  readonly session: ClientHttp2Session;
  readonly clock: Clock;
  readonly hello: WorkloadMessage;
  welcome(): void;
  /** May throw: the stream then ends with that error. */
  update(message: Extract<ControlMessage, { type: 'update' }>): void;
}

export class PolicyStream {
  /** Resolves once, when this life is over, for whatever reason. */
  readonly ended: Promise<StreamEnd>;
  /** Resolves when its connection is closed too. */
  readonly left: Promise<void>;
  readonly #options: StreamOptions;
  readonly #stream: ClientHttp2Stream;
  readonly #lines = new LineReader(MAX_MESSAGE_BYTES);
  #resolve!: (end: StreamEnd) => void;
  #timer: Timer;
  #welcomed = false;
  #planned = false;
  #over = false;
  #silentPings = 0;

  /** @throws if the connection is lost already */
  constructor(options: StreamOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.left = new Promise((resolve) => {
      options.session.once('close', resolve);
    });
    const { session, clock } = options;
    // First, so that nothing listens and no timer runs then. Not every Node says so itself: 24 makes a stream that breaks later.
    if (session.destroyed || session.closed) throw said('the connection to the config service is lost');
    this.#stream = session.request(
      { ':method': 'POST', ':path': '/v1/stream', 'content-type': 'application/x-ndjson' },
      { endStream: false },
    );
    session.on('error', (error) => this.#lost(error));
    session.on('close', () => this.#lost());
    session.on('goaway', () => this.#lost());
    this.#timer = clock.after(WELCOME_MS, () => this.#silent('it did not answer'));
    this.#stream.on('error', (error) => this.#lost(error));
    this.#stream.on('close', () => this.#lost());
    this.#stream.on('end', () => this.#lost());
    this.#stream.on('response', (head) => {
      const status = Number(head[':status']);
      if (status === 200) this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
      else this.#refused(status);
    });
    this.send(options.hello);
  }

  /** Sends `message`; does nothing once the stream is over. */
  send(message: WorkloadMessage): void {
    if (!this.#over) this.#stream.write(formatLine(message));
  }

  /** Ends this life. `because` becomes the message of its end. */
  close(because: string): void {
    this.#end(new MeshError(because, { code: 'HEDDLE_CLOSED' }), true);
  }

  /** Ends this life so that another connection can take its place. */
  replace(): void {
    this.#planned = true;
    this.close('the connection is replaced');
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    this.#silentPings = 0;
    try {
      for (const line of this.#lines.push(chunk)) {
        if (this.#over) return;
        this.#take(parseControlMessage(line));
      }
    } catch (error) {
      this.#end(asMeshError(error), true);
    }
  }

  #take(message: ControlMessage): void {
    if (message.type === 'goodbye') {
      this.#end(said(`the config service said goodbye: ${message.because}`), message.retry);
    } else if (message.type === 'welcome') {
      this.#welcome(message.protocol, message.pingMs);
    } else if (message.type === 'update') {
      if (!this.#welcomed) throw said('the config service sent policy before its welcome');
      this.#options.update(message);
    }
  }

  #welcome(protocol: number, pingMs: number): void {
    if (protocol !== PROTOCOL_VERSION) {
      throw said(
        `the config service speaks protocol ${protocol}, this workload ${PROTOCOL_VERSION}: bring both to the same version of Heddle`,
      );
    }
    this.#welcomed = true;
    this.#timer.cancel();
    this.#ping(Math.min(Math.max(pingMs, PING_RANGE_MS.least), PING_RANGE_MS.most));
    this.#options.welcome();
  }

  #ping(everyMs: number): void {
    this.#timer = this.#options.clock.after(everyMs, () => {
      if (this.#silentPings >= MISSED_PINGS) return this.#silent(`it did not answer ${MISSED_PINGS} pings`);
      this.#silentPings += 1;
      this.send({ type: 'ping' });
      this.#ping(everyMs);
    });
  }

  #silent(because: string): void {
    const facts = { code: 'HEDDLE_CONNECTION_LOST' as const };
    this.#end(new MeshError(`the config service is silent: ${because}`, facts), true);
  }

  #refused(status: number): void {
    const parts: Buffer[] = [];
    const finish = () => {
      const answer = Buffer.concat(parts).subarray(0, 65_536).toString('utf8');
      this.#end(refusal(status, answer, 'the policy stream'), true);
    };
    this.#stream.on('data', (chunk: Buffer) => {
      if (parts.length < 64) parts.push(chunk);
    });
    this.#stream.prependListener('end', finish);
    this.#stream.prependListener('close', finish);
  }

  #lost(cause?: Error): void {
    const detail = cause === undefined ? '' : `: ${cause.message}`;
    const facts = { code: 'HEDDLE_CONNECTION_LOST' as const, cause };
    this.#end(new MeshError(`the connection to the config service was lost${detail}`, facts), true);
  }

  #end(error: MeshError, retry: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#leave();
    this.#resolve({ error, welcomed: this.#welcomed, retry, planned: this.#planned });
  }

  /** Ends our side, so that the service sees an orderly end, and does not wait longer than a moment for its side. */
  #leave(): void {
    const { session, clock } = this.#options;
    if (session.destroyed) return;
    this.#stream.end();
    this.#stream.resume();
    const timer = clock.after(CLOSE_MS, () => session.destroy());
    session.once('close', () => timer.cancel());
    session.close();
  }
}

function said(message: string): MeshError {
  return new MeshError(message, { code: 'HEDDLE_PROTOCOL_ERROR' });
}

function asMeshError(error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  return new MeshError(
    `an update could not be taken: ${error instanceof Error ? error.message : String(error)}`,
    {
      code: 'HEDDLE_INTERNAL',
      cause: error,
    },
  );
}
