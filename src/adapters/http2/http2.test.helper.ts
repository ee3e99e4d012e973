/** Peers of HTTP/2 that a test plays, frame by frame, and attempts that are sent to them. */
import { once } from 'node:events';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Attempt } from '../../model/attempt.js';
import type { CallRequest } from '../../model/call.js';
import type { ConnectionSettings, Destination } from '../../model/destination.js';
import { EndpointState } from '../../model/endpoint-state.js';
import type { Outcome } from '../../model/outcome.js';
import type { ResponseBody } from '../../model/response-body.js';
import { testAttempt, testCall, testEndpoint } from '../../model/testing.js';
import { TlsContexts } from '../../security/tls/contexts.js';
import { HttpTransport } from '../transport.js';

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

/** `:status 200`, of HPACK's static table. */
export const OK = Buffer.from([0x88]);
const PREFACE = 24;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** A number of 32 bits each. */
export function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, index) => void bytes.writeUInt32BE(number, index * 4));
  return bytes;
}

/** A header field as it is, of less than 127 bytes either side. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** A head, or trailers, of any length: as many frames as it takes. @param flags of the first, END_HEADERS not among them */
export function headOf(peer: Peer, id: number, fields: readonly Buffer[], flags: number): void {
  const block = Buffer.concat(fields);
  const most = 16_000;
  for (let at = 0; at < block.length; at += most) {
    const last = at + most >= block.length ? END_HEADERS : 0;
    peer.send(
      at === 0 ? HEADERS : CONTINUATION,
      (at === 0 ? flags : 0) | last,
      id,
      block.subarray(at, at + most),
    );
  }
}

/** One setting: MAX_CONCURRENT_STREAMS is 3, INITIAL_WINDOW_SIZE 4. */
export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** The server's side of one connection, in frames. */
export class Peer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** It acknowledges settings, and closes connections that the other side calls broken. */
  obliging = true;
  onFrame: (frame: Frame) => void = () => {};
  #unread = Buffer.alloc(0);
  #greeted = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  send(type: number, flags: number, id: number, payload: Uint8Array = Buffer.alloc(0)): this {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.byteLength, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    if (this.socket.writable) this.socket.write(Buffer.concat([head, payload]));
    return this;
  }

  answer(id: number, body = 'ok'): this {
    return this.send(HEADERS, END_HEADERS, id, OK).send(DATA, END_STREAM, id, Buffer.from(body));
  }

  goaway(lastStreamId: number, code = 0): this {
    return this.send(GOAWAY, 0, 0, words(lastStreamId, code));
  }

  /** Frames of a type that came. */
  seen(type: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#greeted) {
      if (this.#unread.length < PREFACE) return;
      this.#greeted = true;
      this.#unread = this.#unread.subarray(PREFACE);
    }
    while (this.#unread.length >= 9) {
      const length = this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < 9 + length) return;
      const [type, flags] = [this.#unread[3]!, this.#unread[4]!];
      const id = this.#unread.readUInt32BE(5);
      const frame = { type, flags, id, payload: this.#unread.subarray(9, 9 + length) };
      this.#unread = this.#unread.subarray(9 + length);
      this.frames.push(frame);
      if (type === SETTINGS && (flags & ACK) === 0 && this.obliging) this.send(SETTINGS, ACK, 0);
      // As peers do that are told of an error.
      if (type === GOAWAY && this.obliging) this.socket.end();
      this.onFrame(frame);
    }
  }
}

export interface Peers {
  readonly port: number;
  readonly peers: Peer[];
  readonly sockets: ReadonlySet<Socket>;
}

async function listening(
  t: TestContext,
  server: Server | Http2Server,
  sockets: Set<Socket>,
): Promise<number> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** @param onFrame each frame, of the `number`th connection. @param greet the peer's preface */
export async function peers(
  t: TestContext,
  onFrame: (peer: Peer, frame: Frame, number: number) => void,
  greet: (peer: Peer, number: number) => void = (peer) => void peer.send(SETTINGS, 0, 0),
): Promise<Peers> {
  const all: Peer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const peer = new Peer(socket);
    const number = all.push(peer) - 1;
    peer.onFrame = (frame) => onFrame(peer, frame, number);
    greet(peer, number);
  });
  return { port: await listening(t, server, sockets), peers: all, sockets };
}

/** The requests among the frames, answered by `answer`. */
export function onRequest(answer: (peer: Peer, id: number, number: number) => void) {
  return (peer: Peer, { type, id }: Frame, number: number) => {
    if (type === HEADERS) answer(peer, id, number);
  };
}

export interface Served {
  readonly port: number;
  readonly server: Http2Server;
  readonly sessions: ServerHttp2Session[];
  readonly sockets: ReadonlySet<Socket>;
}

/** A real server, in plain text. */
export async function serveHttp2(
  t: TestContext,
  listener: Parameters<typeof createHttp2>[1] & {},
  options: Parameters<typeof createHttp2>[0] = {},
): Promise<Served> {
  const server = createHttp2(options as object, listener);
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream) => stream.on('error', () => {}));
  return { port: await listening(t, server, sockets), server, sessions, sockets };
}

export function destinationOf(port: number, settings: Partial<ConnectionSettings> = {}): Destination {
  const plain = testEndpoint(1, { key: `127.0.0.1:${port}`, address: '127.0.0.1', port }).destination;
  return { ...plain, connection: { ...plain.connection, http2: true, ...settings } };
}

export interface Client {
  readonly transport: HttpTransport;
  attempt(request?: Partial<CallRequest>): Attempt;
  send(request?: Partial<CallRequest>): Promise<Outcome>;
}

/** Calls to `port`. The transport is destroyed after the test: were something left of it, the test would not end. */
export function client(
  t: TestContext,
  port: number,
  settings: Partial<ConnectionSettings> = {},
  clock: Clock = systemClock,
): Client {
  const transport = new HttpTransport({ contexts: new TlsContexts(null), clock });
  t.after(() => transport.destroy());
  const state = new EndpointState(destinationOf(port, settings), 0);
  const attempt = (request?: Partial<CallRequest>) => testAttempt(testCall(request), state);
  return { transport, attempt, send: (request) => transport.send(attempt(request)) };
}

/** All of it; throws what it failed with. */
export function read(body: ResponseBody): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    body.attach({
      onData(chunk) {
        text += Buffer.from(chunk).toString();
        return true;
      },
      onEnd: () => resolve(text),
      onError: reject,
    });
  });
}

/** A response's status and text, or what else came of it: kind, reset and whether it was sent. */
export async function told(sending: Promise<Outcome>): Promise<readonly unknown[]> {
  const outcome = await sending;
  if (outcome.kind === 'response') return [outcome.status, await read(outcome.body)];
  return outcome.kind === 'failed' ? [outcome.reset, outcome.sent] : [outcome.kind];
}
