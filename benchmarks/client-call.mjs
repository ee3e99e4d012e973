/**
 * What a call costs the process that makes it, CPU microseconds (user and system): the mesh beside what one would use instead, on the
 * same work, in one process, in slices that take turns. "Everything on" is routing over 20 rules, least request over 10 endpoints,
 * outlier detection, limits, retries armed, a deadline, metrics on all calls and spans on 1 %.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { versions } from './harness/machine.mjs';
import { installPeers, PEERS } from './harness/peers.mjs';
import { goal, main, row } from './harness/result.mjs';
import { startServers } from './harness/servers.mjs';
import { pairedDifference, pairedRatio, summary } from './harness/stats.mjs';

const root = new URL('../', import.meta.url);

/** Processes are started anew so that what one of them happened to compile is not taken for a property of the code. */
const SIZES = {
  mini: { processes: 1, rounds: 2, warm: 1, sliceMs: 5, settings: ['mtls small 4'] },
  short: {
    processes: 2,
    rounds: 21,
    warm: 6,
    sliceMs: 60,
    settings: ['mtls small 32'],
    others: 'plain small 32',
  },
  full: {
    processes: 5,
    rounds: 31,
    warm: 6,
    sliceMs: 80,
    settings: ['plain', 'mtls'].flatMap((wire) =>
      ['small', 'large'].flatMap((size) => [1, 32, 128].map((at) => `${wire} ${size} ${at}`)),
    ),
  },
};
const MAIN = 'mtls small 32';

export async function run(size, progress) {
  const { processes, rounds, warm, sliceMs, settings } = SIZES[size];
  const missing = installPeers(progress)
    ? []
    : ['rows that need the peers are missing: they could not be installed'];
  const servers = await startServers();
  const tables = [];
  const measure = async (setting, rows, times) => {
    const costs = {};
    const skipped = new Set();
    for (let number = 1; number <= times; number += 1) {
      const options = { setting, rows, rounds, warm, sliceMs, servers: portable(servers) };
      const found = await inProcess(options, (text) =>
        progress(`${rows}, ${setting}, process ${number} of ${times}: ${text}`),
      );
      for (const [name, list] of Object.entries(found.costs)) (costs[name] ??= []).push(...list);
      for (const name of found.skipped) skipped.add(name);
    }
    for (const name of skipped) missing.push(`SKIPPED ${name} (${rows}, ${setting})`);
    return costs;
  };
  try {
    const [first] = settings;
    const mainSetting = settings.includes(MAIN) ? MAIN : first;
    const all = await measure(mainSetting, 'all', processes);
    tables.push({
      title: `A call with everything on, ${inWords(mainSetting)}`,
      unit: 'CPU µs a call',
      rows: Object.entries(all).map(([name, list]) => row(name, summary(list))),
    });
    const features = await measure(mainSetting, 'features', Math.min(processes, 2));
    tables.push({
      title: `What each feature adds to a call without any, ${inWords(mainSetting)}`,
      unit: 'CPU µs a call',
      rows: Object.entries(features).map(([name, list]) =>
        name === 'nothing'
          ? row(name, summary(list))
          : row(`+ ${name}`, pairedDifference(list, features.nothing)),
      ),
    });
    for (const setting of size === 'short' ? [SIZES.short.others] : settings) {
      if (setting === mainSetting) continue;
      const core = await measure(setting, 'core', 1);
      tables.push({
        title: `A call with everything on, ${inWords(setting)}`,
        unit: 'CPU µs a call',
        rows: Object.entries(core).map(([name, list]) => row(name, summary(list))),
      });
    }
    return {
      title: 'A call out, seen from its caller',
      setting: `${SIZES[size].processes} processes of ${rounds} rounds; ${versions(root, ['undici', 'axios', 'opossum', 'p-retry']).join(', ')}; ${versions(PEERS, ['cockatiel', 'moleculer', '@opentelemetry/sdk-metrics', '@opentelemetry/instrumentation-undici']).join(', ')}`,
      tables: [...tables, ratios(all)],
      goals: goals(all),
      notes: [...missing, ...busy(all)],
    };
  } finally {
    await servers.close();
  }
}

const RATIOS = [
  ['null: undici.request over itself', 'undici.request, again', 'undici.request'],
  ['mesh.request over undici.request', 'mesh.request', 'undici.request'],
  ['mesh.request over undici.request to 10 origins', 'mesh.request', 'undici.request, 10 origins'],
  ['mesh.fetch over undici.fetch', 'mesh.fetch', 'undici.fetch'],
  ['mesh.dispatcher over undici.request', 'mesh.dispatcher', 'undici.request'],
  ['axios over mesh.agent over axios', 'axios over mesh.agent', 'axios'],
  ['hand-made fetch over mesh.fetch', 'hand-made undici.fetch', 'mesh.fetch'],
  ['hand-made built-in fetch over mesh.fetch', 'hand-made built-in fetch', 'mesh.fetch'],
  ['hand-made request over mesh.request', 'hand-made undici.request', 'mesh.request'],
  ['cockatiel over mesh.request', 'undici.request in cockatiel', 'mesh.request'],
  ['moleculer over mesh.request', 'moleculer, local to remote (plain text)', 'mesh.request'],
];

function ratios(costs) {
  return {
    title: 'Ratios, round by round',
    unit: 'one over the other',
    rows: RATIOS.flatMap(([name, one, other]) =>
      costs[one] && costs[other] ? [row(name, pairedRatio(costs[one], costs[other]))] : [],
    ),
  };
}

function goals(costs) {
  const of = (one, other) =>
    costs[one] && costs[other] ? pairedRatio(costs[one], costs[other]).median : null;
  return [
    goal('mesh.request over undici.request, same mTLS', of('mesh.request', 'undici.request'), '≤', 1.1, 1.0),
    goal('mesh.fetch + text() over undici.fetch', of('mesh.fetch', 'undici.fetch'), '≤', 0.25, 0.17),
    goal('hand-made fetch over mesh.fetch', of('hand-made undici.fetch', 'mesh.fetch'), '≥', 6, 9),
    goal('hand-made request over mesh.request', of('hand-made undici.request', 'mesh.request'), '≥', 2, 2.5),
  ];
}

/** The null row says how much of a difference is only the machine. */
function busy(costs) {
  const { low, high } = pairedRatio(costs['undici.request, again'], costs['undici.request']);
  if (low > 0.8 && high < 1.25) return [];
  return [
    `THE MACHINE WAS BUSY: undici.request over itself came to between ${low.toFixed(2)} and ${high.toFixed(2)}, so ratios of this run are rough. Run it again when nothing else runs.`,
  ];
}

function inWords(setting) {
  const [wire, size, concurrency] = setting.split(' ');
  return `${wire === 'mtls' ? 'mutual TLS' : 'plain text'}, ${size === 'small' ? '0.2' : '10'} kB, ${concurrency} at a time`;
}

function portable({ plain, mtls, pem, identity, folder }) {
  return { plain, mtls, pem, identity, folder };
}

async function inProcess(options, progress) {
  const child = fork(fileURLToPath(new URL('client-call-process.mjs', import.meta.url)), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(options);
  for (;;) {
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit').then(gone)]);
    if (message.progress === undefined) return message;
    progress(message.progress);
  }
}

function gone([code]) {
  throw new Error(`the measuring process ended with ${code} and no result`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('client-call', run);
