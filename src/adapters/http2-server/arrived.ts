import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Connection } from '../../inbound/connection.js';

/** A request on a stream of HTTP/2, in Node's form. What must not be read is taken off it before anybody does. */
export interface Arrived {
  readonly stream: ServerHttp2Stream & { readonly endAfterHeaders: boolean };
  readonly headers: IncomingHttpHeaders;
  readonly flags: number;
  /** Names and values in turn, as they came. */
  readonly raw: string[];
  readonly connection: Connection;
}
