/** The processes of one service, which come and go while its callers go on. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Child } from './child.js';

export class Replicas {
  /** Oldest first. */
  readonly running: Child[] = [];
  /** Those that were killed or told to leave as well. */
  readonly all: Child[] = [];
  readonly #t: TestContext;
  readonly #environment: Record<string, string>;

  constructor(t: TestContext, environment: Record<string, string>) {
    this.#t = t;
    this.#environment = environment;
  }

  /** Resolves when it listens. */
  async add(): Promise<Child> {
    const child = Child.start(this.#t, './replica.child.js', [], this.#environment);
    this.all.push(child);
    await child.line();
    this.running.push(child);
    return child;
  }

  /** Tells the oldest to leave, and waits until it has ended by itself. */
  async retire(): Promise<void> {
    const child = this.running.shift()!;
    child.kill('SIGTERM');
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr);
  }

  /** What they say they have done: `METHOD ID` → how often, and how many of all were retries. */
  done(): { readonly times: ReadonlyMap<string, number>; readonly retries: number } {
    const times = new Map<string, number>();
    let retries = 0;
    for (const line of this.all.flatMap((child) => child.lines)) {
      const [did, method, id, attempt] = line.split(' ');
      if (did !== 'did') continue;
      times.set(`${method} ${id}`, (times.get(`${method} ${id}`) ?? 0) + 1);
      if (Number(attempt) > 1) retries += 1;
    }
    return { times, retries };
  }
}
