/**
 * What a call costs the process that makes it, CPU microseconds (user and system): the mesh beside what one would use instead, on the
 * same work, in slices that take turns. Only the few that are compared run in a process: each more that does makes all of them slower,
 * since they share caches and compiled code, and nobody's service calls in ten ways. "Everything on" is routing over 20 rules, least
 * request over 10 endpoints, outlier detection, limits, retries armed, a deadline, metrics on all calls and spans on 1 %.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { versions } from './harness/machine.mjs';
import { installPeers, PEERS } from './harness/peers.mjs';
import { goal, main, row } from './harness/result.mjs';
import { startServers } from './harness/servers.mjs';
import { pairedDifference, pairedRatio, summary } from './harness/stats.mjs';

const root = new URL('../', import.meta.url);

/**
 * Processes are started anew so that what one of them happened to compile is not taken for a property of the code. Before it counts, each
 * variant works for more than two seconds: until some thirty thousand calls parts of it are interpreted, and the more so the more code it is.
 */
const SIZES = {
  mini: { processes: 1, rounds: 2, warm: 1, sliceMs: 5, settings: ['mtls small 4'] },
  short: { processes: 2, rounds: 12, warm: 16, sliceMs: 150, settings: ['mtls small 32'] },
  full: {
    processes: 5,
    rounds: 14,
    warm: 16,
    sliceMs: 200,
    settings: ['plain', 'mtls'].flatMap((wire) =>
      ['small', 'large'].flatMap((size) => [1, 32, 128].map((at) => `${wire} ${size} ${at}`)),
    ),
  },
};
const MAIN = 'mtls small 32';

/** Each is measured in processes of its own: the mesh first, then what it is compared with. */
const CONTESTS = [
  ['mesh.request', 'undici.request', 'undici.request, again'],
  ['mesh.request', 'undici.request, 10 origins'],
  ['mesh.fetch', 'undici.fetch'],
  ['mesh.fetch', 'hand-made undici.fetch'],
  ['mesh.fetch', 'hand-made built-in fetch'],
  ['mesh.request', 'hand-made undici.request'],
  ['mesh.request', 'undici.request in cockatiel'],
  ['mesh.request', 'moleculer, local to remote (plain text)'],
  ['mesh.dispatcher', 'undici.request'],
  ['axios over mesh.agent', 'axios'],
];
/** Those that goals are about. */
const MATTERS = [0, 2, 3, 5].map((index) => CONTESTS[index]);

export async function run(size, progress) {
  const { processes, rounds, warm, sliceMs, settings } = SIZES[size];
  const missing = new Set(
    installPeers(progress) ? [] : ['rows that need the peers are missing: they could not be installed'],
  );
  const servers = await startServers();
  /** @returns {Promise<Record<string, number[]>>} of all processes, by name */
  const measure = async (setting, rows, times) => {
    const costs = {};
    for (let number = 1; number <= times; number += 1) {
      const options = { setting, rows, rounds, warm, sliceMs, servers: portable(servers) };
      const found = await inProcess(options, (text) =>
        progress(`${[rows].flat()[0]}, ${setting}, process ${number} of ${times}: ${text}`),
      );
      for (const [name, list] of Object.entries(found.costs)) (costs[name] ??= []).push(...list);
      for (const name of found.skipped) missing.add(`SKIPPED ${name} (${setting})`);
    }
    return costs;
  };
  /** One after the other, and all of them again, so that a bad moment of the machine does not fall on one contest alone. */
  const measureAll = async (setting, contests, times) => {
    const all = contests.map((names) => ({ names, costs: {} }));
    for (let time = 0; time < times; time += 1)
      for (const { names, costs } of all)
        for (const [name, list] of Object.entries(await measure(setting, names, 1)))
          (costs[name] ??= []).push(...list);
    return all;
  };
  try {
    const [first] = settings;
    const mainSetting = settings.includes(MAIN) ? MAIN : first;
    const contests = await measureAll(mainSetting, CONTESTS, processes);
    const tables = contests.map(({ names, costs }) => ({
      title: `${names[0]} beside ${names[1]}, everything on, ${inWords(mainSetting)}`,
      unit: 'CPU µs a call',
      rows: Object.entries(costs).map(([name, list]) => row(name, summary(list))),
    }));
    const names = [...new Set(MATTERS.flat())].filter((name) => !name.endsWith('again'));
    const alone = await measureAll(
      mainSetting,
      names.map((name) => [name]),
      processes,
    );
    tables.push(aloneTable(inWords(mainSetting), alone));
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
    tables.push(ratios(inWords(mainSetting), contests));
    for (const setting of settings)
      if (setting !== mainSetting)
        tables.push(ratios(inWords(setting), await measureAll(setting, MATTERS, 1)));
    return {
      title: 'A call out, seen from its caller',
      setting: `${processes} processes a contest, of ${rounds} rounds of ${sliceMs} ms each; ${versions(root, ['undici', 'axios', 'opossum', 'p-retry']).join(', ')}; ${versions(PEERS, ['cockatiel', 'moleculer', '@opentelemetry/sdk-metrics', '@opentelemetry/instrumentation-undici']).join(', ')}`,
      tables,
      goals: goals(contests),
      notes: [...missing, ...busy(contests)],
    };
  } finally {
    await servers.close();
  }
}

/** As in a service that does nothing else; with what each comes to beside the others of its contests. */
function aloneTable(setting, alone) {
  const costs = Object.fromEntries(alone.map(({ names: [name], costs: found }) => [name, found[name]]));
  const rows = MATTERS.flatMap((contest) => {
    const [one, two] = ratioOf(contest);
    if (!costs[one] || !costs[two]) return [];
    return [row(`${one} over ${two}`, { median: summary(costs[one]).median / summary(costs[two]).median })];
  });
  return {
    title: `Each alone in its processes, everything on, ${setting}`,
    unit: 'CPU µs a call; below, the ratio of medians',
    rows: [
      ...Object.entries(costs).flatMap(([name, list]) => (list ? [row(name, summary(list))] : [])),
      ...rows,
    ],
  };
}

/** Which of a contest is divided by which: what the goal says. */
const ratioOf = ([mesh, other]) => (other.startsWith('hand-made') ? [other, mesh] : [mesh, other]);

function ratios(setting, contests) {
  return {
    title: `Ratios, round by round, ${setting}`,
    unit: 'one over the other',
    rows: contests.flatMap(({ names, costs }) => {
      const [, other, again] = names;
      const pairs = [ratioOf(names), ...(again === undefined ? [] : [[again, other]])];
      return pairs.flatMap(([one, two]) =>
        costs[one] && costs[two] ? [row(`${one} over ${two}`, pairedRatio(costs[one], costs[two]))] : [],
      );
    }),
  };
}

function goals(contests) {
  const of = (contest) => {
    const [one, two] = ratioOf(contest);
    const { costs } = contests.find(({ names }) => names === contest);
    return costs[one] && costs[two] ? pairedRatio(costs[one], costs[two]).median : null;
  };
  const [request, fetch, madeFetch, madeRequest] = MATTERS;
  return [
    goal('mesh.request over undici.request, same mTLS', of(request), '≤', 1.1, 1.0),
    goal('mesh.fetch + text() over undici.fetch', of(fetch), '≤', 0.25, 0.17),
    goal('hand-made fetch over mesh.fetch', of(madeFetch), '≥', 6, 9),
    goal('hand-made request over mesh.request', of(madeRequest), '≥', 2, 2.5),
  ];
}

/** The null row says how much of a difference is only the machine. */
function busy([{ costs }]) {
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
  // One listener for all: two messages may come in one turn.
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message.progress === undefined) resolve(message);
      else progress(message.progress);
    });
    child.on('exit', (code) => reject(new Error(`the measuring process ended with ${code} and no result`)));
    child.send(options);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('client-call', run);
