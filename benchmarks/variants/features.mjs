/** Each feature alone, beside a mesh that does nothing but find an endpoint. */
import { EVERYTHING } from '../harness/policy.mjs';
import { meshWith } from './mesh.mjs';

const FEATURES = {
  nothing: {},
  'nothing, again': {},
  '20 rules': { rules: 20 },
  'least request': { balancer: 'LEAST_REQUEST' },
  'outlier detection': { outlier: true },
  limits: { limits: true },
  'a deadline': { timeout: true },
  'retries armed': { retries: true },
  'all of these': EVERYTHING,
};

export async function featureVariants(world, add, later) {
  const url = `http://peer.example${world.path}`;
  const callOf = (mesh) => async () => (await mesh.request(url)).body.text();
  for (const [name, features] of Object.entries(FEATURES))
    add(name, { call: callOf(await meshWith(world, features, later)) });
  const { telemetry } = world;
  const watched = await meshWith(world, {}, later);
  const call = callOf(watched);
  add('metrics', telemetry && { ...telemetry.metrics, call });
  add('metrics, kept by the SDK', telemetry && { ...telemetry.metricsOfSdk, call });
  const sampled = callOf(await meshWith(world, { spansPercent: 1 }, later));
  add('metrics, spans on 1 %', telemetry && { ...telemetry.all, call: sampled });
  add("metrics, spans on 1 % by the SDK's sampler", telemetry && { ...telemetry.onePercent, call });
  add('metrics, spans on all', telemetry && { ...telemetry.all, call });
}
