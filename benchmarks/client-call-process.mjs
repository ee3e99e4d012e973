/** One process of `client-call.mjs`: makes the variants, measures them, and tells its parent. */
import { once } from 'node:events';
import { openTelemetry } from './harness/otel.mjs';
import { compare } from './harness/slices.mjs';
import { featureVariants } from './variants/features.mjs';
import { meshVariants } from './variants/mesh.mjs';
import { moleculerVariant } from './variants/moleculer.mjs';
import { peerVariants } from './variants/peers.mjs';

const [options] = await once(process, 'message');
const [wire, size, concurrency] = options.setting.split(' ');
const world = {
  ...options.servers,
  tls: wire === 'mtls',
  path: `/${size}`,
  telemetry: await openTelemetry(),
};
const closers = [];
const variants = {};
const skipped = [];
/** @param made null: it can't be had */
function add(name, made) {
  if (options.rows !== 'features' && !options.rows.includes(name)) return;
  if (made === null) skipped.push(name);
  else variants[name] = made;
}
const later = (close) => closers.push(close);

if (options.rows === 'features') await featureVariants(world, add, later);
else {
  await peerVariants(world, add, later);
  await meshVariants(world, add, later);
  if (options.rows.some((name) => name.startsWith('moleculer'))) await moleculerVariant(world, add, later);
}

// What a variant answers is looked at once: a benchmark of failures would be fast.
const expected = size === 'small' ? 200 : 10_240;
for (const [name, { call, enable, disable }] of Object.entries(variants)) {
  enable?.();
  const text = await call();
  disable?.();
  if (typeof text !== 'string' || text.length !== expected)
    throw new Error(`${name} answered ${typeof text === 'string' ? `${text.length} characters` : text}`);
}
const costs = await compare(variants, {
  ...options,
  concurrency: Number(concurrency),
  progress: (progress) => process.send({ progress }),
});
process.send({ costs, skipped }, () => process.disconnect());
for (const close of closers.reverse()) await close();
await world.telemetry?.close();
process.exit();
