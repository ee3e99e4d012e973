/** One stream of the Workload API, from the connection to its end. */
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type Clock, MeshError } from 'heddle/ports';
import { SpiffeWorkloadApi, type X509SvidResponse } from './service.js';

/** Certificates and keys have some KiB; 256 foreign trust domains with their roots fit. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** The standard has the first message come without delay; a server that is silent for that long is stuck. */
const FIRST_MESSAGE_MS = 15_000;

const OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // A new attempt is a new connection, when we say so: gRPC's own backoff would add to ours.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
};

/** How a stream ended. */
export interface StreamEnd {
  readonly error: MeshError;
  /** Was there a message? */
  readonly heard: boolean;
  /** The server says that what we ask is wrong: asking again does not make it right. */
  readonly hopeless: boolean;
}

export interface StreamOptions {
  /** As gRPC takes it. */
  readonly target: string;
  /** For messages to people. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onMessage: (response: X509SvidResponse) => void;
}

/** Opens the stream and follows it to its end. Never rejects. */
export function followStream(options: StreamOptions): Promise<StreamEnd> {
  const { clock, signal, onMessage } = options;
  return new Promise((resolve) => {
    const client = new Client(options.target, credentials.createInsecure(), OPTIONS);
    const metadata = new Metadata();
    // Without it the server must refuse: a browser, or whoever is tricked into a request, cannot set it.
    metadata.set('workload.spiffe.io', 'true');
    const { path, requestSerialize, responseDeserialize } = SpiffeWorkloadApi.FetchX509SVID;
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {}, metadata);
    let heard = false;
    let silent = false;
    const timer = clock.after(FIRST_MESSAGE_MS, () => {
      silent = true;
      stream.cancel();
    });
    const onAbort = () => stream.cancel();
    let ended = false;
    const end = (error: ServiceError | null) => {
      if (ended) return;
      ended = true;
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      client.close();
      const code = error?.code ?? status.OK;
      const because = silent ? `it said nothing for ${FIRST_MESSAGE_MS} ms` : describe(code, error);
      resolve({
        error: failure(options.endpoint, because),
        heard,
        hopeless: code === status.INVALID_ARGUMENT,
      });
    };
    stream.on('data', (response: X509SvidResponse) => {
      heard = true;
      timer.cancel();
      if (!signal.aborted) onMessage(response);
    });
    stream.on('error', (error: ServiceError) => end(error));
    stream.on('end', () => end(null));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** @source SPIFFE Workload Endpoint §6, SPIFFE Workload API §5.2.1 */
function describe(code: status, error: ServiceError | null): string {
  const details = error?.details.slice(0, 500) ?? '';
  switch (code) {
    case status.OK:
      return 'the stream ended';
    case status.PERMISSION_DENIED:
      return `no identity is registered for this workload (${details})`;
    case status.INVALID_ARGUMENT:
      return `it refuses the request for good (${details})`;
    case status.UNAVAILABLE:
      return `it cannot be reached (${details})`;
    default:
      return `${status[code] ?? code}: ${details}`;
  }
}

function failure(endpoint: string, because: string): MeshError {
  return new MeshError(`the SPIFFE Workload API at ${endpoint}: ${because}`, {
    code: 'HEDDLE_IDENTITY_UNAVAILABLE',
  });
}
