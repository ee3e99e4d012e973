/**
 * What a ClientRequest takes for its connection. It reads the request that Node writes, makes a call of it, and gives the response back as
 * HTTP/1.1. One a request.
 */
import { AsyncResource } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import type { HeaderFields } from '../../base/headers.js';
import type { InformationSink } from '../../model/call.js';
import type { Outcome, Responded } from '../../model/outcome.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import type { OutboundCall } from '../../outbound/outbound-call.js';
import { bodyErrorOf, errorOf } from '../../outbound/surface.js';
import { breakOff } from './break-off.js';
import type { RequestHead, Target } from './request-head.js';
import { isFinal, renderHead, renderInformation, renderUpgrade } from './response-head.js';
import { type ResponseTarget, ResponseWriter } from './response-writer.js';
import { SentRequest } from './sent-request.js';
import { SocketLike } from './socket-like.js';
import { Tunnel, type Written } from './tunnel.js';

type Done = (error?: Error | null) => void;

export interface ConnectionParts {
  readonly outbound: Outbound;
  readonly clock: Clock;
  /** The connection is not the agent's any more. */
  readonly left: (connection: Connection) => void;
}

export class Connection extends SocketLike implements ResponseTarget, InformationSink {
  /** Of the request, as the caller wrote them. */
  readonly target: Target;
  readonly #parts: ConnectionParts;
  readonly #request: ClientRequest;
  readonly #sent: SentRequest;
  /** Calls are made where the request was made: deadline and trace of what is being served there go with them. */
  readonly #context = new AsyncResource('HeddleAgentRequest');
  #call: OutboundCall | null = null;
  #responded: Responded | null = null;
  #tunnel: Tunnel | null = null;
  /** Written before it was known whether the connection is upgraded. */
  #held: { readonly chunks: readonly Written[]; readonly done: Done } | null = null;
  /** The response is whole: nothing that is still written matters. */
  #over = false;
  /** The response's reader was told already. */
  #told = false;

  constructor(parts: ConnectionParts, request: ClientRequest, target: Target) {
    super(parts.clock);
    this.target = target;
    this.#parts = parts;
    this.#request = request;
    this.#sent = new SentRequest(target);
    // Node says so when it is done with the connection; another request gets another one.
    this.on('free', destroy);
    this.on('agentRemove', leave);
  }

  /** Of the endpoint that was picked; undefined before that. */
  get remoteAddress(): string | undefined {
    return this.#call?.current?.endpoint.endpoint.address;
  }

  get remotePort(): number | undefined {
    return this.#call?.current?.endpoint.endpoint.port;
  }

  /** @internal */
  leaveAgent(): void {
    this.#parts.left(this);
  }

  // -- what the client writes --

  override _write(chunk: string | Buffer, encoding: BufferEncoding, done: Done): void {
    this._writev([{ chunk, encoding }], done);
  }

  override _writev(chunks: Written[], done: Done): void {
    this.touch();
    if (this.#tunnel !== null) this.#tunnel.write(chunks, done);
    else if (this.#over) done();
    else if (this.#call?.upgrade != null && this.#sent.done) this.#held = { chunks, done };
    else this.#readOn(chunks, done);
  }

  #readOn(chunks: readonly Written[], done: Done): void {
    const sent = this.#sent;
    try {
      sent.read(chunks);
      this.bytesWritten = sent.bytes;
      if (this.#call === null && sent.head !== null)
        this.#context.runInAsyncScope(this.#begin, this, sent.head);
    } catch (error) {
      done(error as Error);
      return;
    }
    sent.passOn(done);
  }

  override _final(done: Done): void {
    if (this.#tunnel === null) done();
    else this.#tunnel.end(done);
  }

  #begin(head: RequestHead): void {
    const { outbound } = this.#parts;
    const { method, scheme, authority, path, headers, upgrade } = head;
    if (head.expectsContinue) this.push('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
    const call = outbound.begin({
      method,
      scheme,
      authority,
      path,
      headers,
      body: this.#sent.body(),
      upgrade,
    });
    this.#call = call;
    call.information = this;
    runCall(outbound, call).then(
      (outcome) => this.#settle(call, outcome),
      (bug) => this.#fail(bug),
    );
  }

  // -- what the mesh answers --

  /** @internal Node's client makes an `information` event of it. */
  onInformation(status: number, headers: HeaderFields): void {
    if (!this.destroyed) this.push(renderInformation(status, headers), 'latin1');
  }

  #settle(call: OutboundCall, outcome: Outcome): void {
    if (outcome.kind !== 'response') {
      this.#over = true;
      if (!this.destroyed) this.#fail(errorOf(call, outcome));
    } else if (this.destroyed) {
      outcome.body.drop(GIVEN_UP);
      outcome.upgraded?.destroy();
    } else if (outcome.status === 101 && outcome.upgraded !== undefined)
      this.#upgrade(outcome, outcome.upgraded, call.upgrade ?? '');
    else this.#respond(call, outcome);
  }

  #respond(call: OutboundCall, responded: Responded): void {
    this.#responded = responded;
    if (isFinal(responded.status)) {
      const head = renderHead(responded, { method: call.method, close: this.#sent.head!.close });
      new ResponseWriter(this, head, responded.body).start();
    } else this.#fail(noEnd(call, responded.status));
  }

  #upgrade(responded: Responded, far: Duplex, asked: string): void {
    this.#responded = responded;
    // It says no more than that the connection was closed, which is heard there.
    responded.body.attach({ onData: () => true, onEnd() {}, onError() {} });
    const tunnel = new Tunnel(far);
    this.#tunnel = tunnel;
    this.push(renderUpgrade(responded, asked), 'latin1');
    if (this.destroyed) return;
    tunnel.open(this);
    const held = this.#held;
    this.#held = null;
    if (held !== null) tunnel.write(held.chunks, held.done);
  }

  /** @internal */
  send(bytes: Uint8Array): boolean {
    this.touch();
    this.bytesRead += bytes.byteLength;
    return this.push(bytes);
  }

  /** @internal */
  responseEnded(): void {
    this.#responded = null;
    this.#over = true;
    this.#sent.stop(ANSWERED);
    this.#held?.done();
    this.#held = null;
  }

  /** @internal As Node tells it of a connection that broke; what the mesh knows of it is the cause. */
  responseFailed(error: Error): void {
    if (this.destroyed) return;
    const cause = bodyErrorOf(this.#call!, error);
    const { res } = this.#request as { readonly res?: IncomingMessage | null };
    if (res == null || res.complete) {
      this.#fail(cause);
      return;
    }
    this.#told = true;
    breakOff(res, cause);
    this.destroy();
  }

  override _read(): void {
    if (this.#tunnel !== null) this.#tunnel.resume();
    else this.#responded?.body.resume();
  }

  #fail(reason: unknown): void {
    this.destroy(reason instanceof Error ? reason : new Error(String(reason), { cause: reason }));
  }

  override _destroy(error: Error | null, callback: Done): void {
    const reason = error ?? GIVEN_UP;
    this.leaveAgent();
    this.#sent.stop(reason);
    this.#tunnel?.destroy();
    if (this.#responded !== null) this.#responded.body.drop(reason);
    else if (!this.#over) this.#call?.cancel('signal', reason);
    super._destroy(this.#told ? null : error, callback);
  }
}

const GIVEN_UP = new Error('the request was given up');
const ANSWERED = new Error('the response was whole before the request was');

function destroy(this: Connection): void {
  this.destroy();
}

function leave(this: Connection): void {
  this.leaveAgent();
}

function noEnd(call: OutboundCall, status: number): MeshError {
  return new MeshError(`${call.originalAuthority} answered with status ${status}, which ends no request`, {
    code: 'HEDDLE_PROTOCOL_ERROR',
    flag: 'UPE',
    sent: 'maybe',
    service: call.service,
    cluster: call.cluster,
    attempts: call.attempts,
    revision: call.revision,
  });
}
