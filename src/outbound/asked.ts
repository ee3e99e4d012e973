/**
 * What a caller asks for in Envoy's request headers, beside what policy says. They are the application's own word about one call: what came in
 * from outside is not copied to calls, and peers without an identity cannot even bring it in.
 */
import { emptyFields } from '../base/headers.js';
import type { Outcome } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import { askedRetries, asksForRetries } from '../traffic/retry/index.js';
import { askedTimes, asksForTimes, isGrpc } from '../traffic/timeout/index.js';
import type { OutboundCall } from './outbound-call.js';

/** Reads the headers and takes them off. Nearly no call has any. */
export function heed(call: OutboundCall): void {
  const { headers } = call;
  call.grpc = call.method === 'POST' && isGrpc(headers['content-type']);
  if (asksForRetries(headers)) call.retries = askedRetries(headers, call.retries);
  if (!asksForTimes(headers)) return;
  const asked = askedTimes(headers);
  call.asked = asked;
  const { perTryTimeoutMs } = asked;
  if (perTryTimeoutMs !== undefined && call.retries !== null)
    call.retries = { ...call.retries, perTryTimeoutMs };
}

/** Is the call over because its time is? */
export function isTimeout(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && (outcome.reset === 'timeout' || outcome.reset === 'per-try-timeout');
}

/** In the stead of a call whose time is over. @source Envoy `x-envoy-upstream-rq-timeout-alt-response` */
export function noContent(call: OutboundCall): Outcome {
  call.flags.add('UT');
  const body = ResponseBody.of('');
  return { kind: 'response', status: 204, statusText: '', headers: emptyFields(), body, local: 'UT' };
}
