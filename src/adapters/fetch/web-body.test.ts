import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseBody } from '../../model/response-body.js';
import { webBody } from './web-body.js';

function made(signal: AbortSignal | null = null) {
  const said: string[] = [];
  const body = new ResponseBody({
    pause: () => said.push('pause'),
    resume: () => said.push('resume'),
    abort: () => said.push('abort'),
  });
  return { body, said, stream: webBody(body, (error) => error, signal) };
}

const KIB = Buffer.alloc(1024, 'x');

test('pieces that wait go to the reader as one, however small they came', async () => {
  const { body, stream } = made();
  const reader = stream.getReader();
  for (let index = 0; index < 5000; index += 1) body.push(Buffer.from([index % 251]));
  const first = await reader.read();
  const second = await reader.read();
  assert.equal(first.value!.byteLength + second.value!.byteLength, 5000);
  assert.equal(second.value!.at(-1), 4999 % 251);
  body.end();
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
});

test('the sender is held back while nobody reads, and goes on when somebody does', async () => {
  const { body, said, stream } = made();
  const reader = stream.getReader();
  body.push(KIB);
  await reader.read();
  assert.equal(said.includes('pause'), false);
  for (let index = 0; index < 64; index += 1) body.push(KIB);
  assert.equal(said.at(-1), 'pause');
  const { value } = await reader.read();
  assert.equal(value!.byteLength, 64 * 1024);
  assert.equal(said.at(-1), 'resume');
  await reader.cancel();
  assert.equal(said.at(-1), 'abort');
});

test('what waits is read after the end, but not after an abort', async () => {
  const read = made(new AbortController().signal);
  const reader = read.stream.getReader();
  read.body.push(KIB);
  read.body.push(KIB);
  read.body.end();
  await reader.read();
  assert.equal((await reader.read()).value!.byteLength, 1024);
  assert.equal((await reader.read()).done, true);

  const controller = new AbortController();
  const aborted = made(controller.signal);
  aborted.body.push(KIB);
  aborted.body.push(KIB);
  aborted.body.end();
  const late = aborted.stream.getReader();
  await late.read();
  controller.abort('enough');
  await assert.rejects(late.read(), (reason) => reason === 'enough');
});

test('a read into the reader’s own buffer ends when the body does', async () => {
  const { body, stream } = made();
  const reader = stream.getReader({ mode: 'byob' });
  const waiting = reader.read(new Uint8Array(8));
  body.push(Buffer.from('0123456789'));
  assert.equal(Buffer.from((await waiting).value!).toString(), '01234567');
  body.end();
  assert.equal(Buffer.from((await reader.read(new Uint8Array(8))).value!).toString(), '89');
  assert.equal((await reader.read(new Uint8Array(8))).done, true);
});
