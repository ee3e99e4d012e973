import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Destination, type Outcome, StreamBody, type Transport } from 'heddle/ports';
import { newAttempt } from '../attempt.js';
import type { Backend, BackendRequest } from '../backend.js';
import { textOf } from '../in-memory-transport.js';

/** A transport under test and an endpoint that answers as the suite says. */
export interface TransportHarness {
  readonly transport: Transport;
  /** Leads to the backend. */
  readonly destination: Destination;
  /** Leads to nobody: connecting is refused. */
  readonly nowhere: Destination;
  /** Called at the end of each test, after `transport.close()`. */
  close(): Promise<void>;
}

/**
 * What every transport must do, as tests of `node:test`. Call it at the top of a test file.
 * @param open a new transport whose `destination` is served by `backend`
 */
export function transportContract(name: string, open: (backend: Backend) => Promise<TransportHarness>): void {
  const contract = (what: string, backend: Backend, run: (harness: TransportHarness) => Promise<void>) => {
    test(`${name}: ${what}`, async () => {
      const harness = await open(backend);
      try {
        await run(harness);
      } finally {
        await harness.transport.close();
        await harness.close();
      }
    });
  };

  const echo: Backend = (request) => ({ status: 200, body: JSON.stringify(request) });

  contract('method, path, headers and body reach the endpoint', echo, async ({ transport, destination }) => {
    const request = {
      method: 'POST',
      path: '/a?b=c',
      headers: { 'x-one': '1', 'x-two': ['2', '3'] },
      body: 'hello',
    };
    const outcome = await transport.send(newAttempt(request, destination));
    const seen = JSON.parse(await bodyOf(outcome)) as BackendRequest;
    assert.equal(seen.method, 'POST');
    assert.equal(seen.path, '/a?b=c');
    assert.equal(seen.headers['x-one'], '1');
    assert.equal([seen.headers['x-two']].flat().join(', '), '2, 3');
    assert.equal(seen.body, 'hello');
  });

  contract('a streamed body reaches the endpoint whole', echo, async ({ transport, destination }) => {
    async function* chunks() {
      for (let index = 0; index < 5; index += 1) yield `part ${index};`;
    }
    const body = new StreamBody(chunks());
    const outcome = await transport.send(newAttempt({ method: 'PUT', body }, destination));
    const seen = JSON.parse(await bodyOf(outcome)) as BackendRequest;
    assert.equal(seen.body, 'part 0;part 1;part 2;part 3;part 4;');
  });

  contract(
    'status, headers and body of the response come back, whatever the status',
    ({ path }) => ({
      status: Number(path.slice(1)),
      headers: { 'x-a': 'b', 'set-cookie': ['c=1', 'd=2'] },
      body: path,
    }),
    async ({ transport, destination }) => {
      for (const status of [200, 404, 500, 503]) {
        const outcome = await transport.send(newAttempt({ path: `/${status}` }, destination));
        assert.equal(outcome.kind, 'response');
        if (outcome.kind !== 'response') return;
        assert.equal(outcome.status, status);
        assert.equal(outcome.headers['x-a'], 'b');
        assert.deepEqual(outcome.headers['set-cookie'], ['c=1', 'd=2']);
        assert.equal(await bodyOf(outcome), `/${status}`);
      }
    },
  );

  contract(
    'an endpoint that refuses the connection is a failure of which nothing was sent',
    echo,
    async (harness) => {
      const outcome = await harness.transport.send(
        newAttempt({ body: 'x', method: 'POST' }, harness.nowhere),
      );
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind !== 'failed') return;
      assert.equal(outcome.reset, 'connection-failure');
      assert.equal(outcome.code, 'HEDDLE_CONNECT_FAILED');
      assert.equal(outcome.sent, 'no');
    },
  );

  contract(
    'a connection lost without an answer may have been sent',
    () => 'drop',
    async (harness) => {
      const outcome = await harness.transport.send(newAttempt({}, harness.destination));
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind !== 'failed') return;
      assert.equal(outcome.code, 'HEDDLE_CONNECTION_LOST');
      assert.equal(outcome.sent, 'maybe');
    },
  );

  for (const [stop, reset] of [
    ['per-try-timeout', 'per-try-timeout'],
    ['deadline', 'timeout'],
  ] as const) {
    const arrived = gate();
    const silent: Backend = () => {
      arrived.open();
      return new Promise(() => {});
    };
    contract(
      `an attempt stopped by its ${stop} ends with that and may have been sent`,
      silent,
      async (harness) => {
        const attempt = newAttempt({}, harness.destination);
        const sending = harness.transport.send(attempt);
        await arrived.opened;
        attempt.cancel(stop);
        const outcome = await sending;
        assert.equal(outcome.kind, 'failed');
        if (outcome.kind !== 'failed') return;
        assert.equal(outcome.reset, reset);
        assert.equal(outcome.code, 'HEDDLE_DEADLINE_EXCEEDED');
        assert.equal(outcome.sent, 'maybe');
      },
    );
  }

  contract(
    'an attempt that its caller cancels ends as cancelled',
    () => new Promise(() => {}),
    async (harness) => {
      const attempt = newAttempt({}, harness.destination);
      const sending = harness.transport.send(attempt);
      attempt.cancel('cancelled');
      assert.equal((await sending).kind, 'cancelled');
    },
  );

  contract('an attempt stopped before it is sent is not sent', echo, async ({ transport, destination }) => {
    const attempt = newAttempt({}, destination);
    attempt.cancel('per-try-timeout');
    const outcome = await transport.send(attempt);
    assert.equal(outcome.kind, 'failed');
    if (outcome.kind === 'failed') assert.equal(outcome.sent, 'no');
  });

  contract(
    'a destination that is no longer retained can be used again',
    echo,
    async ({ transport, destination }) => {
      transport.retain([destination]);
      await bodyOf(await transport.send(newAttempt({}, destination)));
      transport.retain([]);
      assert.equal(
        (await bodyOf(await transport.send(newAttempt({ path: '/again' }, destination)))).includes('/again'),
        true,
      );
    },
  );
}

async function bodyOf(outcome: Outcome): Promise<string> {
  assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
  return outcome.kind === 'response' ? textOf(outcome.body) : '';
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
