/** An authority on a real store, for tests. */
import type { TestContext } from 'node:test';
import type { Clock } from 'heddle/ports';
import type { LogRecord } from '../log.js';
import { dataDirectory } from '../server.test.client.js';
import { openEmbeddedStore } from '../store/embedded.js';
import { Authority } from './authority.js';
import { Denials } from './deny-list.js';
import { firstAuthority } from './first-start.js';
import { IssuedLog } from './issued.js';
import { KeyFiles } from './key-files.js';
import { Succession } from './succession.js';

export interface TestAuthorityOptions {
  readonly clock: Clock;
  readonly directory?: string;
  readonly svidTtlMs?: number;
  readonly intermediateTtlMs?: number;
  readonly caFile?: string;
}

const DAY_MS = 86_400_000;

export async function testAuthority(context: TestContext, options: TestAuthorityOptions) {
  const directory = options.directory ?? dataDirectory(context);
  const { clock, svidTtlMs = 3_600_000, intermediateTtlMs = 30 * DAY_MS } = options;
  const log: LogRecord[] = [];
  const write = (record: LogRecord) => void log.push(record);
  const store = openEmbeddedStore({ directory: `${directory}/store`, clock });
  const files = new KeyFiles(directory);
  const issued = new IssuedLog({ store, clock, log: write });
  const denials = new Denials(store, clock);
  await denials.start();
  const trustDomain = 'cluster.local';
  const first = { files, trustDomain, clock, keyType: 'ec-p256', intermediateTtlMs } as const;
  const authority = await Authority.open(
    { trustDomain, svidTtlMs, store, clock, files, issued, denials },
    async () =>
      firstAuthority({ ...first, isNew: (await store.revision()) === 0, caFile: options.caFile ?? null }),
  );
  const lagging: string[] = [];
  const succession = new Succession({
    ...{ authority, files, issued, denials, clock, keyType: 'ec-p256', intermediateTtlMs },
    log: write,
    lagging: async () => lagging,
  });
  const close = async () => {
    await succession.close();
    await issued.close();
    await store.close();
  };
  context.after(close);
  return { authority, succession, issued, denials, files, store, lagging, log, directory, close };
}
