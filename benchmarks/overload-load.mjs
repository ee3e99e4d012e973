/**
 * The callers of `overload.mjs`, in a process of their own: an open loop, in which requests are due at random instants however many are
 * unanswered. Who is not answered within the deadline gives up, and its connection is closed. Latency counts from the instant at which
 * a request was due, so that what waits in here is not left out.
 */
import { Pool } from 'undici';

/** Callers whose connections are busy wait in here: as many as a server takes a second to answer, and more. */
const CONNECTIONS = 512;

process.on('message', async ({ id, what, ...given }) => {
  const mark = (name) => process.send({ id, mark: name });
  process.send({ id, result: await WORK[what](given, mark) });
});
process.on('disconnect', () => process.exit());

const WORK = { busy, slice, idle };

/** How many are answered where a few callers ask again as soon as they are answered. */
async function busy({ port, ms }) {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 4 });
  const until = performance.now() + ms;
  let answers = 0;
  const caller = async () => {
    while (performance.now() < until) if ((await ask(pool)) === 200) answers += 1;
  };
  await Promise.all(Array.from({ length: 4 }, caller));
  await pool.close();
  return answers;
}

/** @returns what became of the requests that were due in the last `measureMs` */
async function slice({ port, rate, warmMs, measureMs, deadlineMs }, mark) {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  const began = performance.now();
  const [from, to] = [began + warmMs, began + warmMs + measureMs];
  const open = new Set();
  const latencies = [];
  const counts = { due: 0, good: 0, refused: 0, late: 0, failed: 0 };
  const one = async (due) => {
    const giveUp = new AbortController();
    const entry = { due, giveUp };
    open.add(entry);
    const status = await ask(pool, giveUp.signal);
    open.delete(entry);
    if (due < from || due >= to) return;
    counts.due += 1;
    const took = performance.now() - due;
    if (giveUp.signal.aborted || took > deadlineMs) counts.late += 1;
    else if (status === 200) {
      counts.good += 1;
      latencies.push(took);
    } else if (status === 503) counts.refused += 1;
    else counts.failed += 1;
  };
  const all = [];
  let next = began;
  let marked = false;
  while (next < to) {
    const now = performance.now();
    if (!marked && now >= from) {
      marked = true;
      mark('from');
    }
    for (; next <= now && next < to; next += (-Math.log(1 - Math.random()) * 1_000) / rate)
      all.push(one(next));
    for (const { due, giveUp } of open) {
      if (now - due > deadlineMs) giveUp.abort();
      else break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  mark('to');
  const last = performance.now() + deadlineMs;
  while (open.size > 0 && performance.now() < last) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const { giveUp } of open) giveUp.abort();
  await Promise.all(all);
  await pool.destroy();
  return { ...counts, latencies };
}

/** Resolves when the server has nothing left to do for those that gave up. */
async function idle({ port }) {
  for (;;) {
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
    const began = performance.now();
    await ask(pool, undefined, '/idle');
    const took = performance.now() - began;
    await pool.destroy();
    if (took < 50) return took;
  }
}

async function ask(pool, signal, path = '/') {
  try {
    const { statusCode, body } = await pool.request({ path, method: 'GET', signal });
    await body.dump();
    return statusCode;
  } catch {
    return 0;
  }
}
