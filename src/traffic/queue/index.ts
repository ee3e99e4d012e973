export { type NoWait, Queue, type Queued } from './state.js';
