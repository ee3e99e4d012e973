/**
 * Copies of a call, fire and forget: they never delay or fail it, are not retried, and nobody reads what they bring back.
 * @source Envoy `router.cc` shadow policies
 */
import { copyFields } from '../base/headers.js';
import type { CallFilter } from '../model/filter.js';
import { StreamBody } from '../model/request-body.js';
import { decideMirrors } from '../traffic/mirror/decide.js';
import { runAttempt } from './attempt.js';
import type { BoundCluster } from './bound-cluster.js';
import type { Outbound } from './call.js';
import { OutboundCall } from './outbound-call.js';

const NOT_READ = new Error('nobody reads the response of a mirrored call');

export function mirrorFilter(outbound: () => Outbound): CallFilter {
  return {
    name: 'mirror',
    admit(call) {
      const { plan, port } = call as OutboundCall;
      const mirrors = plan?.route?.mirrors ?? null;
      // A stream can be read once, and the call itself needs it.
      if (mirrors === null || plan?.cluster === null || call.body instanceof StreamBody) return null;
      const { random, snapshot } = outbound();
      for (const name of decideMirrors(mirrors, { method: call.method, port }, random)) {
        const cluster = snapshot?.clusters.get(name);
        if (cluster !== undefined) void send(outbound(), call as OutboundCall, cluster);
      }
      return null;
    },
  };
}

async function send(outbound: Outbound, original: OutboundCall, cluster: BoundCluster): Promise<void> {
  const { method, scheme, authority, path, body, onlyHttp2 } = original;
  const headers = copyFields(original.headers);
  const copy = new OutboundCall(
    { method, scheme, authority, path, headers, body, onlyHttp2 },
    outbound.clock.now(),
    undefined,
  );
  copy.grpc = original.grpc;
  copy.service = original.service;
  copy.cluster = cluster.policy.name;
  copy.deadlineAt = original.deadlineAt;
  outbound.entered();
  copy.onReleased = outbound;
  if (copy.deadlineAt !== Number.POSITIVE_INFINITY) outbound.deadlines.arm(copy, copy.deadlineAt);
  const outcome = await runAttempt(outbound, copy, cluster, 1);
  if (outcome.kind === 'response') outcome.body.drop(NOT_READ);
  copy.release();
}
