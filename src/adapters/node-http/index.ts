/**
 * Node's own HTTP server as a way in: translates requests to exchanges, and nothing else.
 */

export { Adopted, type AdoptRequest } from './adopt.js';
export { type Handler, handler } from './handler.js';
export { present } from './head.js';
export {
  type Listening,
  type ListenOptions,
  type ListenRequest,
  type ListenTarget,
  listen,
} from './listen.js';
export { begin, refuse } from './serve.js';
