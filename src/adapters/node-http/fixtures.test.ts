/** A port of the mesh for the tests of this folder. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { newPair, newRoot, type Pair, TestPath, TestTls } from '../../inbound/fixtures.test.js';
import type { EffectiveInbound } from '../../policy/effective.js';
import type { Issuer } from '../../security/certificate/issue.js';
import { type Listening, type ListenOptions, type ListenTarget, listen } from './index.js';

/** A root, what it signed for a server and a client, and the same of somebody else. */
export interface Authorities {
  readonly root: Issuer;
  readonly foreign: Issuer;
  readonly server: Pair;
  readonly client: Pair;
}

export async function newAuthorities(): Promise<Authorities> {
  const root = await newRoot();
  const [server, client] = [await newPair(root, 'reviews'), await newPair(root, 'productpage')];
  return { root, foreign: await newRoot(), server, client };
}

export interface Setup {
  readonly policy?: EffectiveInbound | null;
  /** @default answers `hello` */
  readonly target?: ListenTarget;
  readonly options?: ListenOptions;
}

export interface Served {
  readonly mesh: TestPath;
  readonly tls: TestTls;
  readonly listening: Listening;
  readonly port: number;
}

const hello = (_request: IncomingMessage, response: ServerResponse) => response.end('hello');

/** Closed when the test ends. */
export async function serve(t: TestContext, authorities: Authorities, setup: Setup = {}): Promise<Served> {
  const mesh = new TestPath(setup.policy);
  const tls = new TestTls(authorities.server, authorities.root);
  const target = setup.target ?? hello;
  const listening = await listen(
    mesh.path,
    { target, port: 0, tls },
    { address: '127.0.0.1', ...setup.options },
  );
  t.after(async () => {
    const closing = listening.close(0);
    mesh.clock.advance(1);
    await closing;
  });
  return { mesh, tls, listening, port: listening.port };
}
