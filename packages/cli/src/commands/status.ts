import type { StreamStatus, WorkloadStatus } from '@heddle/control';
import { Command } from 'commander';
import { systemClock, type Workload } from 'heddle/ports';
import { type ConnectionOptions, connected, withConnection } from '../connection.js';
import { type Context, teach, withJson } from '../context.js';
import { formatDuration } from '../duration.js';
import { type Cell, clean, type Style, table } from '../style.js';

interface StatusOptions extends ConnectionOptions {
  readonly namespace?: string;
}

/** What `--json` prints. */
export interface MeshReport {
  /** Of the policy in force. */
  readonly revision: number;
  readonly workloads: readonly WorkloadReport[];
}

/**
 * `accepted`: runs what it was last told of · `pending`: has not answered yet · `refused`: stays on an older revision ·
 * `disconnected`: its stream is lost, its lease runs
 */
export type WorkloadState = 'accepted' | 'pending' | 'refused' | 'disconnected';

/** Times in milliseconds since the epoch. */
export interface WorkloadReport extends Workload {
  /** null in dev mode. */
  readonly spiffeId: string | null;
  readonly listeners: WorkloadStatus['listeners'];
  readonly state: WorkloadState;
  /** Of the policy that it runs; 0: none, or not known. */
  readonly revision: number;
  readonly refused: StreamStatus['refused'];
  readonly connected: boolean;
  readonly connectedSince: number | null;
  readonly certificateExpiresAt: number | null;
  /** Why there is no newer certificate although it was time; null: all is well, or it is not known. */
  readonly overdue: StreamStatus['overdue'];
}

export function statusCommand(context: Context): Command {
  const command = new Command('status')
    .description(
      'Show every workload of the mesh: who it is, which policy it runs or why it refuses, when its certificate ends, and why it could not be renewed.',
    )
    .option('-n, --namespace <name>', 'only those of this namespace')
    .action((options: StatusOptions) => status(options, context));
  return teach(withConnection(withJson(command)), [
    ['heddle status', 'is the policy in force everywhere?'],
    ['heddle status --json | jq \'.workloads[] | select(.state != "accepted")\'', 'who does not follow?'],
  ]);
}

async function status(options: StatusOptions, context: Context): Promise<void> {
  const query =
    options.namespace === undefined ? '' : `?${new URLSearchParams({ namespace: options.namespace })}`;
  const report = await connected(options, context.io, async (client): Promise<MeshReport> => {
    const { items } = (await client.json(`/v1/workloads${query}`)) as { items: readonly WorkloadStatus[] };
    // No resource is of this kind: what is wanted is the revision only.
    const { revision } = (await client.json('/v1/resources?kind=-')) as { revision: number };
    return { revision, workloads: items.map(reportOf) };
  });
  if (context.json) context.printJson(report);
  else show(report, context);
}

function reportOf({ workload, spiffeId, listeners, stream }: WorkloadStatus): WorkloadReport {
  return {
    ...workload,
    spiffeId,
    listeners,
    state: stateOf(stream),
    revision: stream?.accepted ?? 0,
    refused: stream?.refused ?? null,
    connected: stream !== null,
    connectedSince: stream?.connectedSince ?? null,
    certificateExpiresAt: stream?.certificateExpiresAt ?? null,
    overdue: stream?.overdue ?? null,
  };
}

const LATE = {
  half: 'half of its life is over',
  'three-quarters': 'three quarters of its life are over',
  expired: 'it has ended',
} as const;

function stateOf(stream: StreamStatus | null): WorkloadState {
  if (stream === null) return 'disconnected';
  if (stream.refused !== null) return 'refused';
  return stream.accepted > 0 && stream.accepted >= stream.offered ? 'accepted' : 'pending';
}

function show({ revision, workloads }: MeshReport, context: Context): void {
  const { style } = context;
  const following = workloads.filter(({ state }) => state === 'accepted').length;
  context.print(
    `policy revision ${revision}; ${following} of ${workloads.length} workloads run what they were told\n`,
  );
  if (workloads.length === 0) {
    context.note('A workload joins with a token: `heddle token create --help`.\n');
    return;
  }
  const now = systemClock.wallNow();
  const headings = [
    'WORKLOAD',
    'IDENTITY',
    'LABELS',
    'LISTENS',
    'POLICY',
    'STATE',
    'CERTIFICATE',
    'CONNECTED',
  ];
  context.print(
    `\n${table(
      headings,
      workloads.map((workload) => rowOf(workload, now, style)),
      style,
    )}`,
  );
  for (const { namespace, name, refused } of workloads) {
    if (refused === null) continue;
    context.print(`\n${clean(`${namespace}/${name}`)} refuses revision ${refused.revision}:\n`);
    for (const because of refused.because) context.print(`  ${style.red(clean(because))}\n`);
  }
  for (const { namespace, name, overdue } of workloads) {
    if (overdue === null) continue;
    context.print(
      `\n${clean(`${namespace}/${name}`)} could not renew its certificate (${LATE[overdue.stage]}):\n`,
    );
    context.print(`  ${style.red(clean(overdue.because))}\n`);
  }
}

function rowOf(report: WorkloadReport, now: number, style: Style): Cell[] {
  const { state, refused, certificateExpiresAt: ends, connectedSince } = report;
  const { app: _, ...labels } = report.labels;
  const paint = { accepted: style.green, pending: style.yellow, refused: style.red, disconnected: style.red }[
    state
  ];
  const soon = ends !== null && ends - now < 300_000 ? style.yellow : (text: string) => text;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    `${report.namespace}/${report.name}`,
    report.spiffeId ?? 'none (dev mode)',
    pairs.join(',') || '-',
    report.listeners.map(({ address, port }) => `${address}:${port}`).join(',') || '-',
    report.revision === 0 ? '-' : String(report.revision),
    { text: refused === null ? state : `${state} ${refused.revision}`, paint },
    {
      text: ends === null ? '-' : ends <= now ? 'ended' : `ends in ${formatDuration(ends - now)}`,
      paint: soon,
    },
    connectedSince === null ? 'no' : formatDuration(now - connectedSince),
  ];
}
