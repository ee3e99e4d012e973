/**
 * HTTP/2 as a way in: each stream is an exchange, and nothing else. Handlers get it as HTTP/1.1, servers of `node:http2` as it is.
 */

export { isHttp2Server, passOn } from './pass-on.js';
export { Http2Port, type Http2PortOptions } from './port.js';
export type { StreamTarget } from './stream.js';
export { translate } from './translate.js';
