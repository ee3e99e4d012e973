/**
 * Faults on purpose, before anything else happens to the call: no state is touched, no endpoint is charged.
 * @source Envoy `fault_filter.cc`: delay first, then abort
 */
import type { Clock } from '../../base/clock.js';
import { emptyFields, headerValue } from '../../base/headers.js';
import type { Random } from '../../base/random.js';
import type { Call } from '../../model/call.js';
import type { CallFilter } from '../../model/filter.js';
import type { Outcome, Responded } from '../../model/outcome.js';
import { ResponseBody } from '../../model/response-body.js';
import { givenUp, waitForCall } from '../../model/waiting.js';
import { decideFault, type FaultVerdict } from './decide.js';
import { grpcCodeOf, grpcCodeOfHttp, httpStatusOfGrpc } from './grpc-status.js';
import type { FaultPolicy } from './policy.js';

export interface FaultOptions {
  /** What the call's route says. */
  readonly faultOf: (call: Call) => FaultPolicy | null;
  readonly clock: Clock;
  readonly random: Random;
}

export function faultFilter({ faultOf, clock, random }: FaultOptions): CallFilter {
  return {
    name: 'fault',
    admit(call) {
      const policy = faultOf(call);
      const fault = policy === null ? null : decideFault(policy, random);
      if (fault === null) return null;
      return fault.delayMs === null ? abort(call, fault) : delay(clock, call, fault, fault.delayMs);
    },
  };
}

async function delay(
  clock: Clock,
  call: Call,
  fault: FaultVerdict,
  delayMs: number,
): Promise<Outcome | null> {
  call.flags.add('DI');
  return (await waitForCall(clock, call, delayMs)) ? abort(call, fault) : givenUp(call, 'no');
}

const BODY = 'fault filter abort';

function abort(call: Call, { abortStatus, grpcStatus }: FaultVerdict): Responded | null {
  if (abortStatus === null && grpcStatus === null) return null;
  call.flags.add('FI');
  const grpcCode = grpcStatus === null ? null : grpcCodeOf(grpcStatus);
  const status = abortStatus ?? httpStatusOfGrpc(grpcCode!);
  const headers = emptyFields();
  // Whoever speaks gRPC reads the status from the headers of an answer without a body.
  if (headerValue(call.headers, 'content-type')?.startsWith('application/grpc')) {
    headers['content-type'] = 'application/grpc';
    headers['grpc-status'] = String(grpcCode ?? grpcCodeOfHttp(status));
    headers['grpc-message'] = BODY;
    return {
      kind: 'response',
      status: 200,
      statusText: 'OK',
      headers,
      body: ResponseBody.of(''),
      local: 'FI',
    };
  }
  headers['content-type'] = 'text/plain';
  headers['content-length'] = String(BODY.length);
  return { kind: 'response', status, statusText: '', headers, body: ResponseBody.of(BODY), local: 'FI' };
}
