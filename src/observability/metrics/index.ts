export { ClientMetrics } from './client-metrics.js';
export { type EventAttributes, type MeshEvents, MeshFacts } from './events.js';
export { HTTP_SECONDS, Instruments, ISTIO_BUCKETS } from './instruments.js';
export { KeptMetrics } from './kept/index.js';
export { MeterSource } from './meter-source.js';
export { ServerMetrics } from './server-metrics.js';
export { TcpMetrics } from './tcp-metrics.js';
