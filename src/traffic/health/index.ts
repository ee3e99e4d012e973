export { type CheckResult, nextCheckMs, resultOfStatus } from './decide.js';
export { healthFilter } from './filter.js';
export { GRPC_HEALTH_LIMIT_BYTES, GRPC_HEALTH_PATH, grpcHealthRequest, resultOfGrpc } from './grpc.js';
export { type Health, type HealthOptions, HealthState } from './state.js';
