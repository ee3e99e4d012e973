/** Answers on a stream in the handler's stead. */
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { emptyFields, type HeaderFields } from '../../base/headers.js';
import type { Refusal } from '../../model/exchange.js';
import { grpcOfHttp, isGrpc } from '../../model/grpc.js';
import type { Arrived } from './arrived.js';

/** What is still arriving of the request is not waited for: its sender is told so, and that nothing was wrong with it. */
export function refuse({ stream, headers }: Arrived, refusal: Refusal): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  if (isGrpc(headers['content-type'])) {
    stream.respond(grpcHead(refusal), { endStream: true });
  } else {
    stream.respond({
      'content-type': 'text/plain',
      ...fieldsOf(refusal.headers),
      ':status': refusal.status,
      'content-length': Buffer.byteLength(refusal.body),
    });
    stream.end(headers[':method'] === 'HEAD' ? undefined : refusal.body);
  }
  skipRest(stream);
}

/** Node throws on lists where it knows that a field has one value. @source RFC 9110 §5.3: a list is the same as its items with commas, but for cookies */
export function fieldsOf(headers: Refusal['headers'] = {}): HeaderFields {
  const fields = emptyFields();
  for (const name in headers) {
    const value = headers[name]!;
    fields[name] = Array.isArray(value) && name !== 'set-cookie' ? value.join(', ') : value;
  }
  return fields;
}

/** The answer is complete, or will be when what was written is out. @source RFC 9113 §8.1 */
export function skipRest(stream: Arrived['stream']): void {
  if (stream.endAfterHeaders) return;
  // Node forgets a head that is not out yet when its stream is closed.
  setImmediate(() => {
    if (stream.readableEnded || stream.destroyed) return;
    stream.resume();
    stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** @source Envoy `Utility::sendLocalReply`: gRPC callers look at nothing but their own status */
function grpcHead(refusal: Refusal): OutgoingHttpHeaders {
  return {
    ...fieldsOf(refusal.headers),
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': String(refusal.grpcStatus ?? grpcOfHttp(refusal.status)),
    'grpc-message': refusal.body.replace(/[^ -$&-~]/g, encodeURIComponent),
  };
}
