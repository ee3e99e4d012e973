export {
  DEADLINE_HEADER,
  type DeadlineFacts,
  decideAttemptDeadline,
  decideDeadline,
  expectedTimeout,
  grpcTimeout,
  incomingTimeoutMs,
  parseGrpcTimeout,
} from './decide.js';
