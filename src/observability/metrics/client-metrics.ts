import type { Attributes } from '@opentelemetry/api';
import type { Attempt } from '../../model/attempt.js';
import type { Call } from '../../model/call.js';
import type { Destination } from '../../model/destination.js';
import type { ResponseFlag } from '../../model/flags.js';
import { statusOfEnded } from '../../model/grpc-end.js';
import type { Outcome } from '../../model/outcome.js';
import type { Workload } from '../../model/workload.js';
import { callFacts } from '../attributes.js';
import type { EndedCall } from '../ended-call.js';
import { errorTypeOf, statusOf } from '../outcome-words.js';
import { bodyBytes, fieldBytes } from '../sizes.js';
import { BoundedMap, MAX_NAMES } from './bounded-map.js';
import type { MetricRules } from './decide.js';
import { ClientHttpLabels } from './http-labels.js';
import type { Instruments } from './instruments.js';
import {
  hostOfCluster,
  LabelSets,
  partyLabels,
  partyOfEndpoint,
  partyOfWorkload,
  serviceLabels,
  UNKNOWN_PARTY,
} from './labels.js';
import { recordIstio } from './record.js';
import { RpcLabels } from './rpc-labels.js';

/** What is counted of calls (`reporter="source"`): one Istio sample a call, one `http.client` sample an attempt. */
export class ClientMetrics {
  readonly #source: () => Attributes;
  /** By destination: it is made anew with every change of policy, and forgotten with it. */
  readonly #reached = new WeakMap<Destination, LabelSets>();
  readonly #unreached: BoundedMap<LabelSets>;
  readonly #http = new ClientHttpLabels();
  readonly #rpc = new RpcLabels();
  readonly #clusters = new BoundedMap(MAX_NAMES, (cluster) => ({ cluster }));

  /** @param principal our own SPIFFE ID; undefined while there is no certificate */
  constructor(workload: Workload, principal: () => string | undefined) {
    const { principal: unknown, ...party } = partyOfWorkload(workload);
    // Asked late: by the first call there is a certificate, if there ever is one.
    this.#source = () => ({
      reporter: 'source',
      connection_security_policy: 'unknown',
      ...partyLabels('source', { ...party, principal: principal() ?? unknown }),
    });
    this.#unreached = new BoundedMap(MAX_NAMES, (key) => {
      const [host, name] = key.split(' ');
      return new LabelSets({
        ...this.#source(),
        ...partyLabels('destination', UNKNOWN_PARTY),
        ...serviceLabels(host!, name),
      });
    });
  }

  /** @param rules what policy changes; null: nothing */
  record(to: Instruments, ended: EndedCall, rules: MetricRules | null): void {
    const { call, outcome, destination, durationMs } = ended;
    const sets = destination === null ? this.#setsOfUnreached(call) : this.#setsOf(destination);
    const response = outcome.kind === 'response' ? outcome : null;
    const grpc = call.grpc ? String(statusOfEnded(call, outcome)) : null;
    const flags = call.flagged ? call.flags : outcome.kind === 'cancelled' ? GONE : NONE;
    const labels = sets.get(statusOf(outcome), flags, grpc);
    const sample = {
      durationMs,
      requestBytes: fieldBytes(call.headers) + bodyBytes(call.body, call.headers),
      responseBytes: response === null ? 0 : fieldBytes(response.headers) + response.body.bytes,
      ...(call.grpc && { messages: { requests: call.sentMessages, responses: call.receivedMessages } }),
    };
    recordIstio(to, sample, labels, rules && { rules, facts: () => callFacts(ended) });
  }

  recordAttempt(to: Instruments, attempt: Attempt, outcome: Outcome, durationMs: number): void {
    const { call } = attempt;
    if (attempt.number > 1) to.retries.add(1, this.#clusters.get(call.cluster));
    if (call.grpc) {
      to.rpcClientMs.record(durationMs, this.#rpc.of(call.path, statusOfEnded(call, outcome)));
      return;
    }
    const status = outcome.kind === 'response' ? outcome.status : 0;
    const labels = this.#http.of(call.originalAuthority, call.scheme, call.method);
    to.clientSeconds.record(durationMs / 1000, labels.ending(status, errorTypeOf(outcome)));
  }

  #setsOf(destination: Destination): LabelSets {
    let sets = this.#reached.get(destination);
    if (sets === undefined) {
      sets = new LabelSets({
        ...this.#source(),
        ...partyLabels('destination', partyOfEndpoint(destination.endpoint)),
        ...serviceLabels(hostOfCluster(destination.cluster)),
      });
      this.#reached.set(destination, sets);
    }
    return sets;
  }

  /** No endpoint was tried: the service is known by its cluster, by its name, or only as the caller wrote it. */
  #setsOfUnreached(call: Call): LabelSets {
    if (call.cluster !== '') return this.#unreached.get(hostOfCluster(call.cluster));
    if (call.service !== '') return this.#unreached.get(call.service);
    const name = call.flags.has('NR') ? ' BlackHoleCluster' : '';
    return this.#unreached.get(`${call.originalAuthority.toLowerCase().replace(PORT, '')}${name}`);
  }
}

/** Envoy's flag for a caller that went away. */
const GONE: ReadonlySet<ResponseFlag> = new Set<ResponseFlag>(['DC']);
const NONE: ReadonlySet<ResponseFlag> = new Set();
const PORT = /:\d{1,5}$/;
