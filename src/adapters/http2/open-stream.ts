/** Begins a request: its head leaves, and what follows is said. */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { errors } from 'undici';
import type { HeaderFields } from '../../base/headers.js';
import type { Call } from '../../model/call.js';
import { type RequestBody, StreamBody } from '../../model/request-body.js';
import { requestFields } from './fields.js';

const WITHOUT_BODY = { endStream: true };
const WITH_BODY = { endStream: false };
const WITH_TRAILERS = { endStream: false, waitForTrailers: true };

/** @throws undici's errors of a request that its caller has to mend; whatever Node throws of a session that is over */
export function openStream(
  session: ClientHttp2Session,
  call: Call,
  headers: HeaderFields,
  scheme: 'http' | 'https',
): ClientHttp2Stream {
  const fields = requestFields(call, headers, scheme);
  try {
    return session.request(fields, optionsOf(call.body));
  } catch (error) {
    // Whatever Node has against a request is for its caller to mend.
    throw new errors.InvalidArgumentError((error as Error).message);
  }
}

function optionsOf(body: RequestBody): { readonly endStream: boolean } {
  if (body === null) return WITHOUT_BODY;
  return body instanceof StreamBody && body.trailers !== null ? WITH_TRAILERS : WITH_BODY;
}
