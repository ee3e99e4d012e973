/** What a caller of `mesh.connect` asks for. */
import { MeshError } from '../../base/errors.js';
import type { ConnectionTarget } from '../../outbound/connection.js';
import { parseIp } from '../../traffic/tcp-route/index.js';

/** Limits of connecting, and how the stream behaves. */
export interface ConnectOptions {
  /** Ends connecting with its own reason. What is connected goes on. */
  readonly signal?: AbortSignal;
  /** Until connected, milliseconds. @default the exchange being served; policy's `connectTimeout` holds in any case */
  readonly timeoutMs?: number;
  /** Our side stays open when the peer has ended its own, and has to be ended by us. As in `net.connect`. @default false */
  readonly allowHalfOpen?: boolean;
}

const AUTHORITY = /^(?:\[([^[\]]+)\]|([^:/?#@[\]\s]+)):(\d{1,5})$/;

/**
 * `redis:6379`, `[::1]:6379`, or the parts.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` that says what was expected
 */
export function readTarget(target: string | ConnectionTarget): ConnectionTarget {
  const asked = typeof target === 'string' ? parse(target) : target;
  const { host, port, destinationIp } = asked;
  if (typeof host !== 'string' || host === '')
    throw invalid(`the host of a connection is ${JSON.stringify(host)}: expected a name or an address`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid(`the port of a connection to ${host} is ${port}: expected 1 to 65535`);
  if (destinationIp !== undefined && parseIp(destinationIp) === null)
    throw invalid(`destinationIp is '${destinationIp}': expected an IP address`);
  return asked;
}

function parse(authority: string): ConnectionTarget {
  const found = AUTHORITY.exec(authority);
  if (found === null) throw invalid(`'${authority}' is no target of a connection: expected host:port`);
  return { host: found[1] ?? found[2]!, port: Number(found[3]) };
}

function invalid(message: string): MeshError {
  return new MeshError(message, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
