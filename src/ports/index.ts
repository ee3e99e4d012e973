/** For authors of adapters: the interfaces that have more than one implementation, and the types they speak in. */

export { type BackoffPolicy, backoffMs } from '../base/backoff.js';
export type { Clock, Timer } from '../base/clock.js';
export { sleep, systemClock } from '../base/clock.js';
export { Deadline, Deadlines } from '../base/deadlines.js';
export {
  isMeshError,
  MeshError,
  type MeshErrorCode,
  type MeshErrorFacts,
  type Sent,
} from '../base/errors.js';
export { appendField, copyFields, emptyFields, type HeaderFields, headerValue } from '../base/headers.js';
export { type Random, systemRandom } from '../base/random.js';
export { type Source, Value } from '../base/source.js';
export { FakeClock, seededRandom } from '../base/testing.js';
export { Attempt, type AttemptStop } from '../model/attempt.js';
export { Call, type CallRequest } from '../model/call.js';
export { clusterName, parseClusterName } from '../model/cluster.js';
export type { ConnectionSettings, Destination, TlsSettings } from '../model/destination.js';
export { type Endpoint, endpointKey } from '../model/endpoint.js';
export { EndpointState } from '../model/endpoint-state.js';
export { Exchange, type ExchangeFacts, type InboundVerdict, type Peer } from '../model/exchange.js';
export type { AttemptFilter, CallFilter } from '../model/filter.js';
export { formatFlags, type ResponseFlag } from '../model/flags.js';
export type { Cancelled, Failed, Outcome, Rejected, Reset, Responded } from '../model/outcome.js';
export { isReplayable, REPLAY_LIMIT_BYTES, type RequestBody, StreamBody } from '../model/request-body.js';
export {
  type BodyEnd,
  type BodyOwner,
  type BodyProducer,
  type BodySink,
  ResponseBody,
} from '../model/response-body.js';
export { SpiffeId } from '../model/spiffe-id.js';
export type { Workload } from '../model/workload.js';
export type { Balancer, PickFacts } from './balancer.js';
export * from './control-protocol.js';
export type { DenyList, ForeignBundle, IdentitySource, Svid, TrustBundle } from './identity.js';
export { noTelemetry, type Telemetry } from './telemetry.js';
export type { Transport } from './transport.js';
