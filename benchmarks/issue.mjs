/**
 * How many certificates a second one config service issues on one core: each from the workload's request (PKCS#10, DER) to a chain whose
 * record is durable on the disk, with as many asking at a time as a fleet that starts does. Everything but the sockets; CPU time of the
 * whole process is counted, so that other threads hide nothing.
 * Run after a build: `node benchmarks/issue.mjs [--quick] [--json]`. Goal: 1,000 a second of CPU.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SpiffeId, systemClock } from 'heddle/ports';
import { createRequest, newKey, parseRequest } from 'heddle/security';
import { openAuthority } from '../packages/control/dist/issuer/open.js';
import { openEmbeddedStore } from '../packages/control/dist/store/embedded.js';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const GOAL = 1_000;
const ROUNDS = options.quick ? 2 : 5;
const PER_ROUND = options.quick ? 100 : 1_000;
/** That ask at the same time. */
const AT_ONCE = 64;
const KEYS = ['ec-p256', 'ec-p384', 'rsa-2048'];

const results = [];
for (const keyType of options.quick ? KEYS.slice(0, 1) : KEYS) results.push(await measure(keyType));
if (options.json) console.log(JSON.stringify({ goal: GOAL, results }));
else print();

async function measure(keyType) {
  const dataDir = mkdtempSync(join(tmpdir(), 'heddle-issue-'));
  const store = openEmbeddedStore({ directory: join(dataDir, 'store') });
  const settings = {
    ...{ dataDir, trustDomain: 'cluster.local', svidTtlMs: 3_600_000, clock: systemClock, log: () => {} },
    ...{ caFile: null, caKeyType: keyType, intermediateTtlMs: 30 * 86_400_000 },
  };
  const { authority, issued } = await openAuthority(settings, store);
  const id = SpiffeId.forServiceAccount('cluster.local', 'default', 'reviews');
  const requests = await Promise.all(
    Array.from({ length: 16 }, async () => createRequest({ key: await newKey() })),
  );
  const issue = async (count) => {
    let next = 0;
    const one = async () => {
      while (next < count) {
        const { publicKey } = parseRequest(requests[next++ % requests.length]);
        await authority.issue(publicKey, id, 'token:benchmark');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  };
  await issue(PER_ROUND);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [cpu, began] = [process.cpuUsage(), process.hrtime.bigint()];
    await issue(PER_ROUND);
    const { user, system } = process.cpuUsage(cpu);
    const wall = Number(process.hrtime.bigint() - began) / 1e9;
    rounds.push({ perCpuSecond: PER_ROUND / ((user + system) / 1e6), perSecond: PER_ROUND / wall });
  }
  await issued.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
  const median = (name) => rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  return { keyType, perCpuSecond: median('perCpuSecond'), perSecond: median('perSecond') };
}

function print() {
  console.log(`certificates, ${AT_ONCE} asked for at a time, ${ROUNDS} rounds of ${PER_ROUND}, median`);
  for (const { keyType, perCpuSecond, perSecond } of results) {
    const goal = keyType === 'ec-p256' ? `goal ${GOAL}: ${perCpuSecond >= GOAL ? 'met' : 'MISSED'}` : '';
    const [cpu, wall] = [perCpuSecond, perSecond].map((value) => Math.round(value).toString().padStart(7));
    console.log(`authority ${keyType.padEnd(9)} ${cpu} a second of CPU ${wall} a second ${goal}`);
  }
}
