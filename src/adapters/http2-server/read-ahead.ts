/**
 * The beginning of a request's body, before anybody reads it: what the session puts into the stream is looked at on its way, and stays
 * there for the handler.
 */
import type { BodyAhead } from '../../model/exchange.js';
import type { Arrived } from './arrived.js';

/** Resolves to null if there is no body, or it broke off. Never rejects. */
export function readAhead({ stream, headers }: Arrived, maxBytes: number): Promise<BodyAhead | null> {
  if (stream.endAfterHeaders || stream.destroyed) return Promise.resolve(null);
  return new Promise((resolve) => {
    const { push } = stream;
    const parts: Uint8Array[] = [];
    let size = 0;
    let open = true;
    const stop = (result: BodyAhead | null) => {
      if (!open) return;
      open = false;
      // Somebody else may have put a `push` of theirs over this one since: then it stays, and only passes things on.
      if (stream.push === taking) stream.push = push;
      stream.removeListener('close', onClose);
      resolve(result);
    };
    const onClose = () => stop(null);
    const take = (chunk: Uint8Array) => {
      parts.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) stop({ bytes: Buffer.concat(parts).subarray(0, maxBytes), complete: false });
    };
    const taking = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      const more = push.call(stream, chunk, encoding);
      if (!open) return more;
      if (chunk === null) stop({ bytes: Buffer.concat(parts), complete: true });
      else if (chunk instanceof Uint8Array) take(chunk);
      // Nobody reads yet: the stream would have the sender wait as soon as its own measure is full.
      return open || more;
    };
    stream.once('close', onClose);
    // What came together with the head is here before anybody is told of the stream.
    const here: unknown = stream.readableLength > 0 ? stream.read() : null;
    if (here instanceof Uint8Array) {
      stream.unshift(here);
      take(here);
    }
    if (stream.state.remoteClose === 1) stop({ bytes: Buffer.concat(parts), complete: true });
    if (!open) return;
    stream.push = taking;
    goOn({ stream, headers });
    // It begins to read when it is asked to.
    stream.read(0);
  });
}

/** The body of a caller that asks first comes when it is told to go on; it is told once. */
function goOn({ stream, headers }: Pick<Arrived, 'stream' | 'headers'>): void {
  if (headers.expect?.toLowerCase() !== '100-continue') return;
  const { additionalHeaders } = stream;
  stream.additionalHeaders({ ':status': 100 });
  stream.additionalHeaders = (fields) => {
    if (Number(fields[':status']) !== 100) additionalHeaders.call(stream, fields);
  };
}

/**
 * An empty body ends before anybody listens, where the handler has to wait for something: it hears of the end when it is there.
 * @param decided resolves when the handler may run, or is known not to
 */
export function keepEnd({ stream }: Arrived, decided: Promise<void>): void {
  if (stream.endAfterHeaders || stream.destroyed) return;
  const { emit } = stream;
  let open = true;
  let missed = false;
  const keeping = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'end' && open) missed = true;
    else return Reflect.apply(emit, stream, [event, ...args]);
    return true;
  };
  Reflect.set(stream, 'emit', keeping);
  void decided.then(() => {
    open = false;
    if (stream.emit === keeping) Reflect.set(stream, 'emit', emit);
    if (missed) process.nextTick(() => stream.destroyed || stream.emit('end'));
  });
}
