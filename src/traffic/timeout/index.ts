export { type AskedTimes, askedTimes, asksForTimes } from './asked.js';
export {
  DEADLINE_HEADER,
  type DeadlineFacts,
  decideAttemptDeadline,
  decideDeadline,
  expectedTimeout,
  grpcTimeout,
  incomingTimeoutMs,
  isGrpc,
  parseGrpcTimeout,
} from './decide.js';
