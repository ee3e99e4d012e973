import {
  type Attempt,
  type AttemptStop,
  type Destination,
  type Failed,
  type HeaderFields,
  type Outcome,
  type Reset,
  ResponseBody,
  StreamBody,
  type Transport,
} from 'heddle/ports';

/** What arrives at the endpoint that a test plays. */
export interface InMemoryRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  /** A copy: the call's own fields may change with the next attempt. */
  readonly headers: HeaderFields;
  readonly body: Uint8Array;
  readonly attempt: Attempt;
}

/** A response, in its shortest form its status; or a failure, as an outcome or the name of its reset. */
export type InMemoryAnswer =
  | number
  | {
      readonly status: number;
      readonly headers?: HeaderFields;
      readonly body?: string | Uint8Array | ResponseBody;
    }
  | { readonly reset: Reset; readonly sent?: 'no' | 'maybe' }
  | Outcome;

export type InMemoryHandler = (request: InMemoryRequest) => InMemoryAnswer | Promise<InMemoryAnswer>;

/** For a handler that does not answer: the attempt goes on until it is stopped. */
export function never(): Promise<InMemoryAnswer> {
  return new Promise(() => {});
}

/**
 * A transport without a network: the test says what each endpoint answers. Outcomes come as those of a real one do, later than
 * `send`, never as a rejection.
 * @example
 * const transport = new InMemoryTransport();
 * transport.handle('10.0.0.1:8080', ({ path }) => (path === '/' ? 200 : { status: 404, body: 'no' }));
 * transport.handle('10.0.0.2:8080', () => ({ reset: 'connection-failure' }));
 */
export class InMemoryTransport implements Transport {
  /** Everything that was sent, in order. */
  readonly requests: InMemoryRequest[] = [];
  readonly #handlers = new Map<string, InMemoryHandler>();
  readonly #inFlight = new Set<Promise<unknown>>();
  #retained: ReadonlySet<string> | null = null;
  #closed = false;

  /** Plays the endpoint `address:port` from now on; `*` plays all that have no handler of their own. */
  handle(endpoint: string, handler: InMemoryHandler): this {
    this.#handlers.set(endpoint, handler);
    return this;
  }

  /** Keys of the destinations that were last retained; null before the first time. */
  get retained(): ReadonlySet<string> | null {
    return this.#retained;
  }

  send(attempt: Attempt): Promise<Outcome> {
    if (attempt.stopped !== null) return Promise.resolve(stopped(attempt.stopped, 'no'));
    if (this.#closed) return Promise.resolve(failed('local-reset', 'no'));
    const sending = new Promise<Outcome>((resolve) => {
      let body: ResponseBody | null = null;
      attempt.abort = (stop) => {
        attempt.abort = null;
        resolve(stopped(stop, 'maybe'));
        body?.fail(new Error(`stopped: ${stop}`));
      };
      void this.#answer(attempt).then((outcome) => {
        if (attempt.stopped !== null) return;
        if (outcome.kind === 'response') body = outcome.body;
        else attempt.abort = null;
        resolve(outcome);
      });
    });
    this.#inFlight.add(sending);
    void sending.finally(() => this.#inFlight.delete(sending));
    return sending;
  }

  retain(destinations: Iterable<Destination>): void {
    this.#retained = new Set([...destinations].map((destination) => destination.key));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#inFlight);
  }

  async #answer(attempt: Attempt): Promise<Outcome> {
    try {
      const { call, endpoint } = attempt;
      const { key } = endpoint.destination.endpoint;
      const handler = this.#handlers.get(key) ?? this.#handlers.get('*');
      if (handler === undefined) return failed('connection-failure', 'no', `nobody plays ${key}`);
      const request = {
        method: call.method,
        path: call.path,
        authority: call.authority,
        headers: { ...(attempt.headers ?? call.headers) },
        body: await bytesOf(call.body),
        attempt,
      };
      this.requests.push(request);
      return outcomeOf(await handler(request));
    } catch (cause) {
      return failed('connection-termination', 'maybe', undefined, cause);
    }
  }
}

async function bytesOf(body: Attempt['call']['body']): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (!(body instanceof StreamBody)) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function outcomeOf(answer: InMemoryAnswer): Outcome {
  if (typeof answer === 'number') return outcomeOf({ status: answer });
  if ('kind' in answer) return answer;
  if ('reset' in answer) return failed(answer.reset, answer.sent);
  const body = answer.body ?? '';
  return {
    kind: 'response',
    status: answer.status,
    statusText: '',
    headers: answer.headers ?? {},
    body: body instanceof ResponseBody ? body : ResponseBody.of(body),
  };
}

/** What each reset looks like when a real transport reports it. */
const FAILURES: Readonly<Record<Reset, Pick<Failed, 'code' | 'flag' | 'sent'>>> = {
  'connection-failure': { code: 'HEDDLE_CONNECT_FAILED', flag: 'UF', sent: 'no' },
  'connection-timeout': { code: 'HEDDLE_CONNECT_FAILED', flag: 'UF', sent: 'no' },
  'connection-termination': { code: 'HEDDLE_CONNECTION_LOST', flag: 'UC', sent: 'maybe' },
  'remote-reset': { code: 'HEDDLE_CONNECTION_LOST', flag: 'UR', sent: 'maybe' },
  'refused-stream': { code: 'HEDDLE_CONNECTION_LOST', flag: 'UR', sent: 'no' },
  'protocol-error': { code: 'HEDDLE_PROTOCOL_ERROR', flag: 'UPE', sent: 'maybe' },
  'per-try-timeout': { code: 'HEDDLE_DEADLINE_EXCEEDED', flag: 'UT', sent: 'maybe' },
  timeout: { code: 'HEDDLE_DEADLINE_EXCEEDED', flag: 'UT', sent: 'maybe' },
  'local-reset': { code: 'HEDDLE_CLOSED', flag: 'LR', sent: 'no' },
};

function failed(reset: Reset, sent?: 'no' | 'maybe', because: string = reset, cause?: unknown): Failed {
  const row = FAILURES[reset];
  return {
    kind: 'failed',
    reset,
    ...row,
    sent: sent ?? row.sent,
    because,
    ...(cause === undefined ? {} : { cause }),
  };
}

function stopped(stop: AttemptStop, sent: 'no' | 'maybe'): Outcome {
  if (stop === 'cancelled') return { kind: 'cancelled', cause: undefined };
  return failed(stop === 'deadline' ? 'timeout' : 'per-try-timeout', sent);
}

/** Reads a body to its end. @throws what the body fails with */
export function textOf(body: ResponseBody): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    body.attach({
      onData(chunk) {
        chunks.push(chunk);
        return true;
      },
      onEnd: () => resolve(Buffer.concat(chunks).toString('utf8')),
      onError: reject,
    });
  });
}
