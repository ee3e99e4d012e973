/** For tests of Heddle, of its adapters, and of services that use it. */

export { FakeClock, seededRandom } from 'heddle/ports';
export { type AttemptOptions, newAttempt, newDestination, type TestRequest } from './attempt.js';
export { type Backend, type BackendAnswer, type BackendRequest, serveBackend } from './backend.js';
export { type IdentitySourceHarness, identitySourceContract } from './contract/identity-source.js';
export { type TransportHarness, transportContract } from './contract/transport.js';
export {
  type InMemoryHandler,
  type InMemoryRequest,
  InMemoryTransport,
  never,
  textOf,
} from './in-memory-transport.js';
export { memberOf, type TestScope } from './member.js';
export { denyPaths, type MeshServiceOptions, meshService, peerAuthentication, policies } from './policies.js';
export { TestCa, TestIdentity, type TestSvidOptions } from './test-ca.js';
