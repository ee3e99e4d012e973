import {
  Attempt,
  Call,
  type Destination,
  EndpointState,
  endpointKey,
  type HeaderFields,
  type RequestBody,
  type TlsSettings,
} from 'heddle/ports';

/** A request, as short as a test likes. */
export interface TestRequest {
  /** @default 'GET' */
  readonly method?: string;
  /** @default '/' */
  readonly path?: string;
  /** @default 'service.test' */
  readonly authority?: string;
  readonly headers?: HeaderFields;
  readonly body?: RequestBody;
}

export interface AttemptOptions extends TestRequest {
  /** @default '10.0.0.1' */
  readonly address?: string;
  /** @default 8080 */
  readonly port?: number;
  /** @default null, plain text */
  readonly tls?: TlsSettings | null;
}

/** A destination with the defaults of the mesh, for transports under test. */
export function newDestination(options: Pick<AttemptOptions, 'address' | 'port' | 'tls'> = {}): Destination {
  const address = options.address ?? '10.0.0.1';
  const port = options.port ?? 8080;
  const key = endpointKey(address, port);
  return {
    key: `test ${key}`,
    cluster: 'outbound|80||service.test',
    endpoint: { key, address, port, labels: {}, weight: 1, mtls: (options.tls ?? null) !== null },
    connection: {
      maxConnections: Number.POSITIVE_INFINITY,
      connectTimeoutMs: 10_000,
      idleTimeoutMs: 3_600_000,
      maxRequestsPerConnection: 0,
    },
    tls: options.tls ?? null,
  };
}

/** An attempt ready for `transport.send`, the first of a call of its own. */
export function newAttempt(
  options: AttemptOptions = {},
  destination: Destination = newDestination(options),
): Attempt {
  const call = new Call(
    {
      method: options.method ?? 'GET',
      scheme: 'http',
      authority: options.authority ?? 'service.test',
      path: options.path ?? '/',
      headers: options.headers ?? {},
      body: options.body ?? null,
    },
    0,
  );
  call.attempts = 1;
  const attempt = new Attempt(call, 1, new EndpointState(destination, 0), 0);
  call.current = attempt;
  return attempt;
}
