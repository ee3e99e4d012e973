/** The last accepted policy in the state folder, so that a workload can start while the config service is away. */
import { z } from 'zod';
import type { Generations } from '../state-dir/index.js';
import { type HeldResources, mergeUpdate } from './resources.js';

export interface LastGood {
  readonly revision: number;
  readonly held: HeldResources;
  /** Milliseconds since the epoch. */
  readonly savedAt: number;
}

const schema = z.object({
  revision: z.number().int().nonnegative(),
  resources: z.array(z.object({ name: z.string().min(1), version: z.string().min(1), value: z.unknown() })),
});

export class LastGoodPolicy {
  readonly #files: Generations;

  constructor(files: Generations) {
    this.#files = files;
  }

  /**
   * What was saved, or null if nothing was.
   * @param trustDomain ours, where we have an identity: the policy of another mesh is not for us. null: not known
   * @throws MeshError `HEDDLE_INVALID_POLICY` if no file of it can be believed
   */
  load(trustDomain: string | null): Promise<LastGood | null> {
    return this.#files.load((body, facts) => {
      if (trustDomain !== null && facts.trustDomain !== trustDomain)
        throw new Error(`it is of the trust domain '${facts.trustDomain}', and ours is '${trustDomain}'`);
      const { revision, resources } = schema.parse(JSON.parse(body));
      return {
        revision,
        savedAt: facts.savedAt,
        held: mergeUpdate(new Map(), { upsert: resources, remove: [] }),
      };
    });
  }

  save({ revision, held }: Omit<LastGood, 'savedAt'>, trustDomain: string): void {
    const body = () => {
      const resources = [...held].map(([name, { version, value }]) => ({ name, version, value }));
      return JSON.stringify({ revision, resources });
    };
    this.#files.save({ trustDomain, body });
  }
}
