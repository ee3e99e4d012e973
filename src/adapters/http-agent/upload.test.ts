import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Upload } from './upload.js';

const bytes = (text: string) => Buffer.from(text);

test('the writer may go on when all it has written was taken', async () => {
  const upload = new Upload([bytes('a')]);
  let written = 0;
  upload.add([bytes('b')], false, () => (written += 1));
  assert.equal(String((await upload.next()).value), 'a');
  assert.equal(written, 0);
  assert.equal(String((await upload.next()).value), 'b');
  assert.equal(written, 1);
  const next = upload.next();
  upload.add([bytes('c')], true, () => (written += 1));
  assert.equal(String((await next).value), 'c');
  assert.equal(written, 2);
  assert.equal((await upload.next()).done, true);
});

test('a reader that waits hears of the end, though nothing comes before it', async () => {
  const upload = new Upload([]);
  const next = upload.next();
  upload.add([], true, () => {});
  assert.equal((await next).done, true);
});

test('half a body is an error, now and later', async () => {
  const upload = new Upload([]);
  const next = upload.next();
  upload.fail(new Error('gone'));
  await assert.rejects(next, /gone/);
  await assert.rejects(upload.next(), /gone/);
});

test('a whole body stays whole when its writer goes', async () => {
  const upload = new Upload([]);
  const next = upload.next();
  upload.add([bytes('a')], true, () => {});
  upload.fail(new Error('gone'));
  assert.equal(String((await next).value), 'a');
  assert.equal((await upload.next()).done, true);
});

test('when nobody reads on, the writer is not kept waiting', async () => {
  const upload = new Upload([]);
  let written = 0;
  upload.add([bytes('a')], false, () => (written += 1));
  await upload.return();
  assert.equal(written, 1);
  upload.add([bytes('b')], false, () => (written += 1));
  assert.equal(written, 2);
  assert.equal((await upload.next()).done, true);
});
