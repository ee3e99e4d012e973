/**
 * What an answer costs the process that gives it, CPU microseconds (user and system): bare `node:http`, Express and Fastify, and the same
 * behind the mesh, over the same mutual TLS. Only the two that are compared run in a process, as ports of it that take turns: each more
 * that does makes all of them slower. The callers are a process of their own. What Node asks of a whole process as soon as anything in
 * it uses `AsyncLocalStorage` (the mesh does, as OpenTelemetry would) both of a pair pay: the contest without the mesh shows how much.
 * "Mesh" is everything on: peer identity, so many authorization rules (the last one matches), metrics on all requests and spans on 1 %.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { identityOf } from './harness/identity.mjs';
import { versions } from './harness/machine.mjs';
import { installPeers } from './harness/peers.mjs';
import { goal, main, row } from './harness/result.mjs';
import { pairedDifference, pairedRatio, summary } from './harness/stats.mjs';

/** Processes are started anew so that what one of them happened to compile is not taken for a property of the code. */
const SIZES = {
  mini: { processes: 1, rounds: 2, warm: 1, requests: 32, rules: [100] },
  short: { processes: 1, rounds: 10, warm: 3, requests: 800, rules: [0, 10, 100, 1_000] },
  full: { processes: 5, rounds: 25, warm: 6, requests: 3_000, rules: [0, 10, 100, 1_000] },
};
const SERVERS = ['node:http', 'express', 'fastify'];
const meshed = (server, rules) => `${server}, mesh, ${rules} rules`;
/** Each is measured in processes of its own: first what may cost more. */
const contestsOf = (rules) => [
  ...SERVERS.flatMap((server) => rules.map((count) => [meshed(server, count), server])),
  ['node:http, mesh, 0 rules, no telemetry', 'node:http'],
  ['node:http, again', 'node:http'],
  ['express', 'node:http'],
  ['fastify', 'node:http'],
];
const GOAL = meshed('node:http', 100);
const CONNECTIONS = 32;

export async function run(size, progress) {
  const { processes, rounds, warm, requests, rules } = SIZES[size];
  const installed = installPeers(progress);
  const contests = contestsOf(rules).map((names) => ({ names, costs: {} }));
  // One after the other, and all of them again, so that a bad moment of the machine does not fall on one contest alone.
  for (let number = 1; number <= processes; number += 1)
    for (const { names, costs } of contests) {
      const told = (text) =>
        progress(`${names.join(' beside ')}, process ${number} of ${processes}: ${text}`);
      const found = await inProcesses({ names, rounds, warm, requests }, told);
      for (const [name, list] of Object.entries(found)) (costs[name] ??= []).push(...list);
    }
  const costOf = (name) => contests.flatMap(({ costs }) => costs[name] ?? []);
  const everything = added(contests.find(({ names }) => names[0] === GOAL));
  return {
    title: 'A call in, seen from its server',
    setting: `${processes} processes a contest, of ${rounds} rounds, ${requests} requests a slice, ${CONNECTIONS} connections with mutual TLS; ${versions(new URL('../', import.meta.url), ['express', 'fastify', 'undici']).join(', ')}`,
    tables: [
      {
        title: 'Side by side, an answer of 0.2 kB',
        unit: 'CPU µs a request',
        rows: SERVERS.flatMap((server) =>
          [server, ...rules.map((count) => meshed(server, count))].map((name) =>
            row(name, summary(costOf(name))),
          ),
        ),
      },
      {
        title: 'What is added, round by round',
        unit: 'CPU µs a request',
        rows: contests.map((contest) => row(contest.names.join(', over '), added(contest))),
      },
      {
        title: 'Ratios, round by round',
        unit: 'one over the other',
        rows: contests.map(({ names: [one, other], costs }) =>
          row(`${one} over ${other}`, pairedRatio(costs[one], costs[other])),
        ),
      },
    ],
    goals: [
      goal(
        'the mesh with everything on and 100 rules, added to node:http',
        everything.median,
        '≤',
        5,
        3,
        ' µs',
      ),
    ],
    notes: installed ? [] : ['WITHOUT TELEMETRY: the peers could not be installed'],
  };
}

const added = ({ names: [one, other], costs }) => pairedDifference(costs[one], costs[other]);

async function inProcesses({ names, rounds, warm, requests }, progress) {
  const material = await identityOf();
  const server = started('server-process.mjs', ['--expose-gc']);
  const load = started('server-load.mjs', []);
  const asked = async (child, message) => {
    child.send(message);
    const [answer] = await once(child, 'message');
    return answer;
  };
  try {
    const { ports } = await asked(server, { ...material, names });
    await asked(load, { pem: material.pem, ports, connections: CONNECTIONS });
    const slice = async (name) => {
      await asked(server, { begin: name });
      const { error } = await asked(load, { name, requests });
      const { cpu } = await asked(server, { end: true });
      if (error !== null) throw new Error(`${name}: ${error}`);
      return cpu / requests;
    };
    for (let round = 1; round <= warm; round += 1) {
      for (const name of names) await slice(name);
      progress(`warm-up ${round} of ${warm}`);
    }
    const costs = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 === 0 ? names : [...names].reverse()) costs[name].push(await slice(name));
      progress(`round ${round + 1} of ${rounds}`);
    }
    return costs;
  } finally {
    for (const child of [load, server]) {
      const gone = once(child, 'exit');
      if (child.connected) child.disconnect();
      if (child.exitCode === null) await gone;
    }
    rmSync(material.folder, { recursive: true, force: true });
  }
}

function started(file, execArgv) {
  return fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('server', run);
