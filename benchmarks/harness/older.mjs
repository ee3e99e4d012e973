/** Benchmarks that have outputs of their own, in the shape of the others. */
import { goal, row } from './result.mjs';

export function fromDecisions(results) {
  const counted = results.filter(({ instructions }) => instructions !== null);
  return {
    title: 'Decisions',
    setting: 'routing over 20 rules, connections over 20, authorization over 100',
    tables: [
      {
        title: 'Time of a decision',
        unit: 'ns',
        rows: results.map(({ name, ns, from, to }) => row(name, { median: ns, low: from, high: to })),
      },
      {
        title: 'Heap that a decision leaves behind',
        unit: 'bytes',
        rows: results.map(({ name, bytes }) => row(name, { median: bytes })),
      },
      ...(counted.length === 0
        ? []
        : [
            {
              title: 'Instructions of a decision',
              unit: 'instructions',
              rows: counted.map(({ name, instructions }) => row(name, { median: instructions })),
            },
          ]),
    ],
  };
}

export function fromPolicyScale({ rows, ratio }) {
  return {
    title: 'Policy as a mesh grows',
    setting:
      'services of ten endpoints, a VirtualService and a DestinationRule each, all seen by one workload',
    tables: [
      {
        title: 'Everything from nothing',
        unit: 'ms',
        rows: rows.map(({ size, parse, validate, prepare, resolve, compile }) =>
          row(`${size} services`, { median: parse + validate + prepare + resolve + compile }),
        ),
      },
      {
        title: 'One changed VirtualService',
        unit: 'ms',
        rows: rows.map(({ size, changed }) => row(`among ${size} services`, { median: changed })),
      },
    ],
    notes: [`A change among ${rows.at(-1).size} services costs ${ratio.toFixed(2)} times one among 100.`],
  };
}

export function fromTelemetryOff(rows) {
  return {
    title: 'Telemetry while nobody collects it',
    setting: 'no SDK of OpenTelemetry is registered',
    tables: [
      {
        title: 'Time of it',
        unit: 'ns',
        rows: Object.entries(rows).map(([name, median]) => row(name, { median })),
      },
    ],
  };
}

export function fromIssue({ goal: least, results }) {
  const [first] = results;
  return {
    title: 'Certificates',
    setting: 'from the request to a chain whose record is durable; without HTTP and TLS',
    tables: [
      {
        title: 'Issued by one process',
        unit: 'a second of CPU time',
        rows: results.map(({ keyType, perCpuSecond }) => row(keyType, { median: perCpuSecond })),
      },
    ],
    goals: [goal(`${first.keyType}, a second of CPU`, first.perCpuSecond, '≥', least)],
  };
}
