import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import { carriedFrom, carryOn, carryOnApart } from './propagate.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function carried(from: HeaderFields, to: HeaderFields = {}): HeaderFields {
  carryOn(carriedFrom(from), to);
  return to;
}

test('trace context and baggage travel on as they came, and other fields do not', () => {
  const fields = { traceparent: PARENT, tracestate: 'a=1', baggage: 'k=v;p=1', cookie: 'secret' };
  const { cookie: _, ...expected } = fields;
  assert.deepEqual(carried(fields), expected);
});

test('several tracestate or baggage fields become one', () => {
  const fields = { traceparent: PARENT, tracestate: ['a=1', 'b=2'], baggage: ['x=1', 'y=2'] };
  assert.deepEqual(carried(fields), { traceparent: PARENT, tracestate: 'a=1,b=2', baggage: 'x=1,y=2' });
});

test('an invalid traceparent is dropped together with its tracestate, and baggage stays', () => {
  const fields = { traceparent: `${PARENT}-00`, tracestate: 'a=1', baggage: 'k=v' };
  assert.deepEqual(carried(fields), { baggage: 'k=v' });
});

test('two traceparent fields are none', () => {
  assert.deepEqual(carried({ traceparent: [PARENT, PARENT], tracestate: 'a=1' }), {});
});

test('baggage of more than 8192 characters and tracestate of more than 2048 are dropped', () => {
  assert.deepEqual(carried({ baggage: `k=${'v'.repeat(8190)}` }), { baggage: `k=${'v'.repeat(8190)}` });
  assert.deepEqual(carried({ baggage: `k=${'v'.repeat(8191)}` }), {});
  const tracestate = `a=${'1'.repeat(2047)}`;
  assert.deepEqual(carried({ traceparent: PARENT, tracestate }), { traceparent: PARENT });
});

test('a field with control characters is dropped', () => {
  assert.deepEqual(carried({ baggage: 'k=v\r\nx: y', b3: '0\n' }), {});
});

test('a call that has a traceparent keeps it, and takes no tracestate of another trace', () => {
  const own = { traceparent: PARENT.replace('b7', 'b8') };
  assert.deepEqual(carried({ traceparent: PARENT, tracestate: 'a=1' }, { ...own }), own);
});

test('a call that has no traceparent loses a tracestate that belongs to none', () => {
  assert.deepEqual(carried({ traceparent: PARENT }, { tracestate: 'stale=1' }), { traceparent: PARENT });
});

test('B3 fields travel on together or not at all', () => {
  const b3 = { 'x-b3-traceid': '463ac35c9f6413ad', 'x-b3-spanid': 'a2fb4a1d1a96d312', 'x-b3-sampled': '1' };
  assert.deepEqual(carried(b3), b3);
  assert.deepEqual(carried(b3, { b3: '0' }), { b3: '0' });
  assert.deepEqual(carried({ b3: '0', 'x-ot-span-context': 'x' }), { b3: '0', 'x-ot-span-context': 'x' });
});

test('apart, baggage travels on and trace context of no format does', () => {
  const fields = { traceparent: PARENT, tracestate: 'a=1', baggage: 'k=v', b3: '0' };
  const to: HeaderFields = {};
  carryOnApart(carriedFrom(fields), to);
  assert.deepEqual(to, { baggage: 'k=v' });
  const own: HeaderFields = { baggage: 'mine' };
  carryOnApart(carriedFrom(fields), own);
  assert.deepEqual(own, { baggage: 'mine' });
});
