/** The mesh by each of its surfaces, with everything on. */
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import axios from 'axios';
import { join } from 'heddle';
import { request } from 'undici';
import { EVERYTHING, policyYaml } from '../harness/policy.mjs';

let files = 0;

/** A file of policy that nobody has yet. */
export function policyFile(folder) {
  files += 1;
  return joinPath(folder, `policy-${process.pid}-${files}.yaml`);
}

/** A mesh with the given features, over as many endpoints as there are listeners. @param policy file that its policy is written to */
export async function meshWith(world, features, later, policy = policyFile(world.folder)) {
  const { identity, tls, plain, mtls } = world;
  writeFileSync(policy, policyYaml({ ports: tls ? mtls : plain, tls, ...features }));
  const mesh = await join({
    policy,
    ...(tls && { identityDir: identity }),
    drainTimeoutMs: 100,
    log: () => {},
  });
  later(() => mesh.close());
  return mesh;
}

export async function meshVariants(world, add, later) {
  const mesh = await meshWith(world, EVERYTHING, later);
  const url = `http://peer.example${world.path}`;
  // Policy says which traces are kept: the SDK takes all that it is asked for.
  const watched = world.telemetry?.all ?? {};
  add('mesh.request', { ...watched, call: async () => (await mesh.request(url)).body.text() });
  add('mesh.fetch', { ...watched, call: async () => (await mesh.fetch(url)).text() });
  const { dispatcher } = mesh;
  add('mesh.dispatcher', {
    ...watched,
    call: async () => (await request(url, { dispatcher })).body.text(),
  });
  const { agent } = mesh;
  const client =
    agent === undefined ? null : axios.create({ httpAgent: agent, httpsAgent: agent, responseType: 'text' });
  add('axios over mesh.agent', client && { ...watched, call: async () => (await client.get(url)).data });
}
