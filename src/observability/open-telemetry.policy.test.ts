/** Policy where there is no SDK: access logs of calls, and context that is not carried on. With one: `test/integration/telemetry.test.ts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopMeter, ProxyTracerProvider } from '@opentelemetry/api';
import { Attempt } from '../model/attempt.js';
import type { Call } from '../model/call.js';
import { EndpointState } from '../model/endpoint-state.js';
import type { Exchange } from '../model/exchange.js';
import type { EndedCall } from './ended-call.js';
import {
  clockAtEnd,
  DESTINATION,
  exchangeOf,
  newCall,
  policiesOf,
  responseOf,
  START,
  WORKLOAD,
} from './fixtures.test.helper.js';
import { openTelemetry } from './open-telemetry.js';
import { globalOtelApi } from './otel-api.js';
import type { EffectiveTelemetry } from './policy.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function world(telemetry: Partial<EffectiveTelemetry>) {
  const logged: EndedCall[] = [];
  let ambient: Exchange | undefined;
  const proxy = new ProxyTracerProvider();
  const noMeters = { getMeter: () => createNoopMeter() };
  const made = openTelemetry({
    clock: clockAtEnd(),
    random: { next: () => 0.25 },
    workload: WORKLOAD,
    ambient: () => ambient,
    api: {
      ...globalOtelApi,
      trace: { getTracerProvider: () => proxy },
      metrics: { getMeterProvider: () => noMeters },
    },
    policy: policiesOf(telemetry),
    logCall: (ended) => logged.push(ended),
  });
  const run = (call: Call) => {
    made.call?.admit(call);
    const attempt = new Attempt(call, 1, new EndpointState(DESTINATION, 0), 100);
    const outcome = responseOf();
    made.attempt?.admit(attempt);
    made.attempt?.settle?.(attempt, outcome);
    made.attempt?.release?.(attempt);
    made.call?.settle?.(call, outcome);
    assert.equal(logged.length, 0, 'the body is still being read');
    made.call?.release?.(call);
    made.call?.release?.(call);
  };
  const serve = (exchange: Exchange) => {
    made.exchangeStarted(exchange);
    ambient = exchange;
  };
  return { run, serve, logged };
}

test('a call is logged once, when it is over, with the endpoint that it reached', () => {
  const { run, logged } = world({ client: { accessLogging: [{ provider: '' }] } });
  const call = newCall();
  run(call);
  assert.deepEqual(
    logged.map(({ call, destination, durationMs, startedWall }) => ({
      call,
      destination,
      durationMs,
      startedWall,
    })),
    [{ call, destination: DESTINATION, durationMs: 12.5, startedWall: START }],
  );
});

test('where calls are not logged nothing is kept of one', () => {
  for (const client of [{}, { accessLogging: [{ provider: '', disabled: true as const }] }]) {
    const { run, logged } = world({ client, server: { accessLogging: [{ provider: '' }] } });
    run(newCall());
    assert.deepEqual(logged, []);
  }
});

test("an exchange's trace context goes on, or does not, as policy of calls has it", () => {
  for (const apart of [false, true]) {
    const { run, serve } = world({ client: { tracing: apart ? { propagationDisabled: true } : {} } });
    serve(exchangeOf({ headers: { traceparent: PARENT, baggage: 'k=v' } }));
    const call = newCall({ headers: {} });
    run(call);
    const { traceparent, baggage } = call.headers;
    assert.deepEqual([traceparent, baggage], [apart ? undefined : PARENT, 'k=v']);
    assert.equal(call.headers['x-request-id'], 'id-1');
  }
});
