/**
 * Two Sidecars, or two Telemetries, for the same workloads: only the oldest is heard. IST0110, IST0159: two that select one workload,
 * where it is known which there are. IST0111, IST0160: two of one namespace without a selector.
 * @source Istio `pkg/config/analysis/analyzers/{sidecar/selector,telemetry/selector,telemetry/default_selector}.go`
 */
import type { FieldPath } from '../kinds/kind.js';
import { fewNames } from './few-names.js';
import { type Labels, selects } from './selectors.js';
import {
  type Analyzer,
  type KnownWorkload,
  nameOf,
  type Report,
  type Subject,
  type Subjects,
} from './world.js';

export const sharedWorkloads: Analyzer = ({ sidecars, telemetries, workloads }, report) => {
  check(sidecars, workloads ?? [], report, {
    kind: 'Sidecar',
    codes: ['IST0110', 'IST0111'],
    path: ['spec', 'workloadSelector', 'labels'],
    labelsOf: ({ workloadSelector }) => workloadSelector?.labels,
    plain: ({ workloadSelector }) => Object.keys(workloadSelector?.labels ?? {}).length === 0,
  });
  check(telemetries, workloads ?? [], report, {
    kind: 'Telemetry',
    codes: ['IST0159', 'IST0160'],
    path: ['spec', 'selector', 'matchLabels'],
    labelsOf: ({ selector }) => selector?.matchLabels,
    // One that targets a gateway or waypoint is not about workloads.
    plain: ({ selector, targetRef, targetRefs }) =>
      selector === undefined && targetRef === undefined && !targetRefs?.length,
  });
};

interface Reading<Spec> {
  readonly kind: string;
  /** For one workload, and without a selector. */
  readonly codes: readonly [string, string];
  readonly path: FieldPath;
  labelsOf(spec: Spec): Labels | undefined;
  plain(spec: Spec): boolean;
}

function check<Spec>(
  subjects: Subjects<Spec>,
  workloads: readonly KnownWorkload[],
  report: Report,
  reading: Reading<Spec>,
): void {
  const { kind, codes, path } = reading;
  const plain = new Map<string, Subject<Spec>[]>();
  const selective = new Map<string, Subject<Spec>[]>();
  for (const subject of subjects.all) {
    const named = Object.keys(reading.labelsOf(subject.spec) ?? {}).length > 0;
    if (named || reading.plain(subject.spec)) {
      const groups = named ? selective : plain;
      const group = groups.get(subject.metadata.namespace);
      if (group === undefined) groups.set(subject.metadata.namespace, [subject]);
      else group.push(subject);
    }
  }
  for (const subject of subjects.asked) {
    const { namespace } = subject.metadata;
    const labels = reading.labelsOf(subject.spec) ?? {};
    const others = (reading.plain(subject.spec) ? plain : selective).get(namespace) ?? [];
    if (reading.plain(subject.spec)) {
      const names = fewNames(idsBut(subject.id, others));
      if (names !== '')
        report(subject, {
          code: codes[1],
          level: 'error',
          path: ['spec'],
          message: `this namespace has other ${kind} resources without a selector (${names}); only the oldest is heard. Merge them`,
        });
      continue;
    }
    const own = workloads.filter((one) => one.namespace === namespace && selects(labels, one.labels));
    const shared = (other: Subject<Spec>) =>
      own.find((one) => selects(reading.labelsOf(other.spec), one.labels));
    const rival = others.find((other) => other.id !== subject.id && shared(other) !== undefined);
    if (rival === undefined) continue;
    report(subject, {
      code: codes[0],
      level: 'error',
      path,
      message: `workload '${nameOf(shared(rival)!)}' is selected by ${rival.id}, too; only the oldest ${kind} is heard. Make the selectors differ`,
    });
  }
}

function* idsBut(id: string, subjects: readonly { readonly id: string }[]): Generator<string> {
  for (const subject of subjects) if (subject.id !== id) yield subject.id;
}
