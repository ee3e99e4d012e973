/**
 * The parts of a mesh that users never see, for stories in virtual time: the same that `join` puts together, from the build, without
 * its network and its clock.
 */

import type * as Deadlines from '../../src/base/deadlines.js';
import type * as InboundBind from '../../src/inbound/bind.js';
import type * as InboundExchange from '../../src/inbound/exchange.js';
import type * as Bind from '../../src/outbound/bind.js';
import type * as OutboundCall from '../../src/outbound/call.js';
import type * as Telemetry from '../../src/ports/telemetry.js';
import type * as Tree from '../../src/traffic/retry/tree.js';

async function part<T>(path: string): Promise<T> {
  return (await import(new URL(`../../../dist/${path}`, import.meta.url).href)) as T;
}

export const { Deadlines: Wheel } = await part<typeof Deadlines>('base/deadlines.js');
export const { InboundPolicy } = await part<typeof InboundBind>('inbound/bind.js');
export const { InboundPath } = await part<typeof InboundExchange>('inbound/exchange.js');
export const { Binder } = await part<typeof Bind>('outbound/bind.js');
export const { Outbound, runCall } = await part<typeof OutboundCall>('outbound/call.js');
export const { noTelemetry } = await part<typeof Telemetry>('ports/telemetry.js');
export const { isFailure, RETRIES_HEADER, SPENT } = await part<typeof Tree>('traffic/retry/tree.js');
