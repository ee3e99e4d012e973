/**
 * The beginning of a request's body, before anybody reads it: what the parser puts into the stream is looked at on its way, and
 * stays there for the handler.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyAhead } from '../../model/exchange.js';

/** Resolves to null if there is no body, or it broke off. Never rejects. */
export function readAhead(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<BodyAhead | null> {
  const { headers } = request;
  const none =
    request.httpVersionMajor === 1 &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined;
  if (none || request.destroyed) return Promise.resolve(null);
  return new Promise((resolve) => {
    const own = Object.getOwnPropertyDescriptor(request, 'push');
    const { push } = request;
    const parts: Uint8Array[] = [];
    let size = 0;
    let open = true;
    const stop = (result: BodyAhead | null) => {
      if (!open) return;
      open = false;
      // Somebody else may have put a `push` of theirs over this one since: then it stays, and only passes things on.
      if (request.push === taking) {
        if (own === undefined) Reflect.deleteProperty(request, 'push');
        else Object.defineProperty(request, 'push', own);
      }
      request.removeListener('close', onClose);
      resolve(result);
    };
    const onClose = () => stop(null);
    const take = (chunk: Uint8Array) => {
      parts.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) stop({ bytes: Buffer.concat(parts).subarray(0, maxBytes), complete: false });
    };
    const taking = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      const more = push.call(request, chunk, encoding);
      if (!open) return more;
      if (chunk === null) stop({ bytes: Buffer.concat(parts), complete: true });
      else if (chunk instanceof Uint8Array) take(chunk);
      // Nobody reads yet: the stream would have the sender wait as soon as its own measure is full.
      return open || more;
    };
    const here: unknown = request.readableLength > 0 ? request.read() : null;
    if (here instanceof Uint8Array) {
      request.unshift(here);
      take(here);
    }
    if (request.complete) stop({ bytes: Buffer.concat(parts), complete: true });
    if (!open) return;
    request.push = taking;
    request.once('close', onClose);
    goOn(request, response);
    // HTTP/2 begins to read when it is asked to.
    if (request.httpVersionMajor === 2) request.read(0);
  });
}

/** The body of a caller that asks first comes when it is told to go on; it is told once. */
function goOn({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.expect?.toLowerCase() !== '100-continue' || Reflect.get(response, '_sent100') === true) return;
  response.writeContinue();
  response.writeContinue = (callback) => callback?.();
}
