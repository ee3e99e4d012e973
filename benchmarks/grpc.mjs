/**
 * What gRPC costs, CPU microseconds (user and system): a generated client of grpc-js over the mesh beside the same client as it is, over the
 * same mutual TLS and against the same plain server, and a server of grpc-js behind the mesh beside one as it is. Clients are measured in
 * processes that serve nobody, servers in processes that call nobody, and only what is compared runs in a process. "Everything on" is
 * for clients what it is in `client-call` (routing over 20 rules, least request, outlier detection, limits, retries armed, a deadline,
 * metrics on all calls, spans on 1 %), for servers what it is in `server`. `node:http2` is the floor: the frames of a unary
 * call, and nobody who understands them.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MESSAGES } from './harness/grpc.mjs';
import { identityOf } from './harness/identity.mjs';
import { versions } from './harness/machine.mjs';
import { installPeers } from './harness/peers.mjs';
import { goal, main, row } from './harness/result.mjs';
import { pairedRatio, summary } from './harness/stats.mjs';

/**
 * Processes are started anew so that what one of them happened to compile is not taken for a property of the code. Slices are longer than
 * those of other benchmarks: what switching telemetry on costs would count with calls that are as few as a busy machine makes.
 */
const SIZES = {
  mini: { processes: 1, rounds: 2, warm: 1, sliceMs: 5, messages: MESSAGES, concurrencies: [4], brief: true },
  short: { processes: 1, rounds: 14, warm: 5, sliceMs: 300, messages: 30_000, concurrencies: [32, 1] },
  full: { processes: 5, rounds: 15, warm: 6, sliceMs: 500, messages: 100_000, concurrencies: [32, 1] },
};
/** What a slice of a server's benchmark is, of unary calls. */
const CALLS = { mini: 32, short: 1_500, full: 3_000 };
const IN_WORDS = {
  unary: 'unary',
  download: `${MESSAGES} messages to the client`,
  upload: `${MESSAGES} messages to the server`,
  chat: `${MESSAGES} messages both ways`,
};
const CONNECTIONS = 4;

export async function run(size, progress) {
  const { processes, concurrencies, brief = false } = SIZES[size];
  const installed = installPeers(progress);
  const material = await identityOf();
  try {
    const all = contestsOf(concurrencies);
    const contests = brief ? all.filter(({ isBrief }) => isBrief) : all;
    // One after the other, and all of them again, so that a bad moment of the machine does not fall on one contest alone.
    for (let number = 1; number <= processes; number += 1)
      for (const contest of contests) {
        const { side, names, costs } = contest;
        const told = (text) => progress(`${titleOf(contest)}, process ${number} of ${processes}: ${text}`);
        const measure = side === 'client' ? measureClients : measureServers;
        for (const [name, list] of Object.entries(await measure({ ...contest, size, material }, told)))
          (costs[name] ??= []).push(...list);
        if (names.some((name) => costs[name] === undefined)) throw new Error('a row is missing');
      }
    return {
      title: 'gRPC, seen from its client and from its server',
      setting: `${processes} processes a contest, mutual TLS, messages of 200 bytes; ${versions(new URL('../', import.meta.url), ['@grpc/grpc-js', '@grpc/proto-loader']).join(', ')}`,
      tables: [
        ...contests.map((contest) => ({
          title: titleOf(contest),
          unit: contest.kind === 'unary' ? 'CPU µs a call' : 'CPU µs a message',
          rows: contest.names.map((name) => row(name, summary(contest.costs[name]))),
        })),
        ...['client', 'server'].map((side) => ({
          title: `Ratios, round by round, of the ${side}`,
          unit: 'one over the other',
          rows: contests.filter((contest) => contest.side === side).flatMap(ratiosOf),
        })),
      ],
      goals: goalsOf(contests),
      notes: installed ? [] : ['WITHOUT TELEMETRY: the peers could not be installed'],
    };
  } finally {
    rmSync(material.folder, { recursive: true, force: true });
  }
}

/** Each is measured in processes of its own: what is divided first, then what it is divided by. */
function contestsOf(concurrencies) {
  const [most] = concurrencies;
  const contest = (side, kind, concurrency, ...names) => ({ side, kind, concurrency, names, costs: {} });
  const client = (...of) => contest('client', ...of);
  const server = (...of) => contest('server', ...of);
  // A miniature has these alone: each takes a second to start.
  const brief = (of) => ({ ...of, isBrief: true });
  return [
    brief(client('unary', most, 'mesh', 'grpc-js')),
    ...concurrencies.slice(1).map((at) => client('unary', at, 'mesh', 'grpc-js')),
    brief(client('unary', most, 'mesh, 10 endpoints', 'grpc-js, 10 endpoints')),
    client('unary', most, 'mesh, no telemetry', 'grpc-js'),
    brief(client('unary', most, 'mesh', 'node:http2')),
    client('unary', most, 'grpc-js', 'node:http2'),
    client('unary', most, 'grpc-js, again', 'grpc-js'),
    client('download', 1, 'mesh', 'grpc-js'),
    client('upload', 1, 'mesh', 'grpc-js'),
    brief(client('chat', 1, 'mesh', 'grpc-js')),
    brief(server('unary', most, 'mesh', 'grpc-js')),
    ...concurrencies.slice(1).map((at) => server('unary', at, 'mesh', 'grpc-js')),
    server('download', 1, 'mesh', 'grpc-js'),
    server('upload', 1, 'mesh', 'grpc-js'),
    brief(server('chat', 1, 'mesh', 'grpc-js')),
    server('unary', most, 'grpc-js, again', 'grpc-js'),
  ];
}

const titleOf = ({ side, kind, concurrency, names }) =>
  `${side === 'client' ? 'A client' : 'A server'}, ${IN_WORDS[kind]}, ${concurrency} at a time: ${names.join(' beside ')}`;

function ratiosOf({ kind, concurrency, names: [one, other], costs }) {
  const name = `${one} over ${other}, ${IN_WORDS[kind]}, ${concurrency} at a time`;
  return [row(name, pairedRatio(costs[one], costs[other]))];
}

function goalsOf(contests) {
  const ratio = (side, kind) => {
    const { costs } = contests.find((contest) => contest.side === side && contest.kind === kind);
    return pairedRatio(costs.mesh, costs['grpc-js']).median;
  };
  return [
    goal(
      'a unary call by a client over the mesh, over bare grpc-js',
      ratio('client', 'unary'),
      '≤',
      1.1,
      0.67,
    ),
  ];
}

/** CPU microseconds of the client: a call, or a message of a stream. */
async function measureClients({ names, kind, concurrency, size, material }, progress) {
  const { rounds, warm, sliceMs } = SIZES[size];
  const endpoints = names.some((name) => name.includes('10')) ? 10 : 1;
  const server = started('grpc-server-process.mjs', []);
  const client = started('grpc-client-process.mjs', ['--expose-gc']);
  try {
    const served = Array.from({ length: endpoints }, (_, index) => `grpc-js ${index}`);
    const { ports } = await asked(server, { ...material, names: served });
    const options = { names, kind, concurrency, rounds, warm, sliceMs, ...material };
    client.send({ ...options, ports: Object.values(ports) });
    // One listener for all: two messages may come in one turn.
    const result = new Promise((resolve) => {
      client.on('message', (message) => {
        if (message.progress === undefined) resolve(message);
        else progress(message.progress);
      });
    });
    const { costs } = await Promise.race([result, client.over]);
    return perMessage(costs, kind);
  } finally {
    await ended(client, server);
  }
}

/** CPU microseconds of the server: a call, or a message of a stream. */
async function measureServers({ names, kind, concurrency, size, material }, progress) {
  const { rounds, warm, messages } = SIZES[size];
  const calls = kind === 'unary' ? CALLS[size] : messages / MESSAGES;
  const server = started('grpc-server-process.mjs', ['--expose-gc']);
  const load = started('grpc-server-load.mjs', []);
  try {
    const { ports } = await asked(server, { ...material, names });
    const connections = Math.min(CONNECTIONS, concurrency);
    await asked(load, { pem: material.pem, ports, connections, concurrency });
    const slice = async (name) => {
      await asked(server, { begin: name });
      const { error } = await asked(load, { name, kind, calls });
      const { cpu } = await asked(server, { end: true });
      if (error !== null) throw new Error(`${name}: ${error}`);
      return cpu / calls;
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
    return perMessage(costs, kind);
  } finally {
    await ended(load, server);
  }
}

function perMessage(costs, kind) {
  if (kind === 'unary') return costs;
  return Object.fromEntries(
    Object.entries(costs).map(([name, list]) => [name, list.map((cost) => cost / MESSAGES)]),
  );
}

async function asked(child, message) {
  child.send(message);
  const [answer] = await Promise.race([once(child, 'message'), child.over]);
  return answer;
}

async function ended(...children) {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    if (child.connected) child.disconnect();
    await gone;
  }
}

function started(file, execArgv) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.over = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`);
  });
  child.over.catch(() => {});
  return child;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('grpc', run);
