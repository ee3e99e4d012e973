/** A `node:http2` server of the application behind the mesh: its `stream` and `request` listeners get what was let in. */
import { constants, type Http2SecureServer, type Http2Server } from 'node:http2';
import type { StreamTarget } from './stream.js';

/** @param emit tells its listeners */
export function passOn(emit: (event: 'stream', ...args: unknown[]) => boolean): StreamTarget {
  return ({ stream, headers, flags, raw }) => {
    // Nobody would ever answer.
    if (!emit('stream', stream, headers, flags, raw)) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  };
}

/** Is `value` a server made by `http2.createServer` or `http2.createSecureServer`? Node does not give out their classes. */
export function isHttp2Server(value: unknown): value is Http2Server | Http2SecureServer {
  return typeof value === 'object' && value !== null && 'updateSettings' in value && 'emit' in value;
}
