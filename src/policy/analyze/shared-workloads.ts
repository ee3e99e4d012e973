/**
 * Two Sidecars, or two Telemetries, for the same workloads: only the oldest is heard. IST0110, IST0159: two that select one workload,
 * where it is known which there are. IST0111, IST0160: two of one namespace without a selector.
 * @source Istio `pkg/config/analysis/analyzers/{sidecar/selector,telemetry/selector,telemetry/default_selector}.go`
 */
import type { FieldPath } from '../kinds/kind.js';
import { type Labels, selects } from './selectors.js';
import { type Analyzer, type KnownWorkload, nameOf, type Report, type Subjects } from './world.js';

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
  for (const subject of subjects.asked) {
    const { namespace } = subject.metadata;
    const labels = reading.labelsOf(subject.spec) ?? {};
    const selective = Object.keys(labels).length > 0;
    const others = subjects.all.filter(
      (other) => other.id !== subject.id && other.metadata.namespace === namespace,
    );
    if (reading.plain(subject.spec)) {
      const plain = others.filter((other) => reading.plain(other.spec));
      if (plain.length > 0)
        report(subject, {
          code: codes[1],
          level: 'error',
          path: ['spec'],
          message: `${names(plain)} of this namespace ha${plain.length === 1 ? 's' : 've'} no selector either; only the oldest ${kind} is heard. Merge them`,
        });
    } else if (selective) {
      const rivals = others.filter((other) => Object.keys(reading.labelsOf(other.spec) ?? {}).length > 0);
      const both = (other: { readonly spec: Spec }) =>
        workloads.find(
          (one) =>
            one.namespace === namespace &&
            selects(labels, one.labels) &&
            selects(reading.labelsOf(other.spec), one.labels),
        );
      const rival = rivals.find((other) => both(other) !== undefined);
      if (rival !== undefined)
        report(subject, {
          code: codes[0],
          level: 'error',
          path,
          message: `workload '${nameOf(both(rival)!)}' is selected by ${rival.id}, too; only the oldest ${kind} is heard. Make the selectors differ`,
        });
    }
  }
}

function names(subjects: readonly { readonly id: string }[]): string {
  return subjects
    .map(({ id }) => id)
    .sort()
    .join(', ');
}
