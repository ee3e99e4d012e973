/** The config service: where its parts meet. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Surroundings } from 'heddle/policy';
import { MeshError, systemRandom } from 'heddle/ports';
import { bundleRoutes } from './api/bundle.js';
import { caRoutes } from './api/ca.js';
import { deniedRoutes } from './api/denied.js';
import { openRoutes } from './api/open.js';
import { resourceRoutes } from './api/resources.js';
import { makeRouter } from './api/router.js';
import { streamRoutes } from './api/stream.js';
import { svidRoutes } from './api/svid.js';
import { tokenRoutes } from './api/tokens.js';
import { workloadRoutes } from './api/workloads.js';
import { Closers } from './closers.js';
import { Hub } from './distribute/hub.js';
import { type MeshState, MeshStates } from './distribute/state.js';
import { beside } from './federation/beside.js';
import { Federation } from './federation/federation.js';
import { readSmallFile } from './https-text.js';
import type { Authority } from './issuer/authority.js';
import { openAuthority } from './issuer/open.js';
import { readFileIfAny, writePrivateFile } from './issuer/private-file.js';
import { Attempts, proofsOf } from './issuer/proofs/index.js';
import { makeServerCertificate, rotateServerCertificate } from './issuer/server-certificate.js';
import { Succession } from './issuer/succession.js';
import { Tokens } from './issuer/tokens.js';
import { type ListenOptions, listenPlain, listenSecure } from './listen.js';
import { lockDirectory } from './lock.js';
import { Publisher } from './publish/publisher.js';
import { Registry } from './registry/registry.js';
import { type ControlOptions, type ControlSettings, controlSettings } from './settings.js';
import { openEmbeddedStore } from './store/embedded.js';

/** A config service that runs. */
export interface Control extends AsyncDisposable {
  /** `https://127.0.0.1:15010` */
  readonly url: string;
  readonly port: number;
  /** File with the first operator's token. */
  readonly operatorTokenFile: string;
  /** SHA-256 (hex) of the root certificate. */
  readonly pin: string;
  /** Says goodbye to all workloads, finishes what is in flight, closes the store. Twice is fine. */
  close(): Promise<void>;
}

/** Streams of all identities together. */
const MAX_STREAMS = 10_000;

/**
 * Starts the config service on the state in `dataDir`, which one process may use at a time.
 * @throws MeshError `HEDDLE_INVALID_SETTING`, or what the file system or the network says
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const settings = controlSettings(options);
  const { dataDir } = settings;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chmodSync(dataDir, 0o700);
  const closers = new Closers();
  const unlock = await lockDirectory(dataDir);
  closers.add(async () => unlock?.());
  try {
    return await start(settings, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Opens one part after the other; `closers` closes what was opened, whatever happens. */
/** Workloads would take the empty policy of an empty store over, and access rules with it: closed unless opened. */
function lostStore(storeDir: string, operatorTokenFile: string): MeshError {
  return new MeshError(
    `${storeDir} is missing, but this directory has served a mesh; restore it from a backup, or remove ${operatorTokenFile} to begin with no policy at all`,
    { code: 'HEDDLE_INVALID_SETTING' },
  );
}

async function start(settings: ControlSettings, closers: Closers): Promise<Control> {
  const { dataDir, clock, log } = settings;
  const storeDir = join(dataDir, 'store');
  const operatorTokenFile = join(dataDir, 'operator.token');
  const isNew = !existsSync(storeDir);
  if (isNew && existsSync(operatorTokenFile)) throw lostStore(storeDir, operatorTokenFile);
  const store = openEmbeddedStore({ directory: storeDir, clock });
  closers.add(() => store.close());
  const ca = await openAuthority(settings, store);
  const { authority, issued } = ca;
  closers.add(() => issued.close());
  const tokens = new Tokens(store, clock, () => authority.pin);
  await makeOperatorToken(tokens, operatorTokenFile);
  const states = new MeshStates(store, clock, log);
  const surroundings = () => surroundingsOf(states.state.current());
  const publisher = new Publisher({ store, clock, log, surroundings });
  await publisher.start();
  await states.start();
  closers.add(() => states.close());
  const registry = new Registry({ store, clock, log, leaseMs: settings.leaseMs });
  closers.add(() => registry.close());
  // Streams get their goodbye (by the hub, below) while their connections can still carry it.
  let listening: Listening | undefined;
  closers.add(() => listening?.close());
  const federation = new Federation({
    ...{ store, clock, log, random: systemRandom, bundle: authority.bundle },
    webRoots: settings.federationCaFile === null ? null : [readSmallFile(settings.federationCaFile)],
  });
  await federation.start();
  closers.add(() => federation.close());
  const hub = new Hub({
    ...{ states: states.state, registry, clock, log, pingMs: settings.pingMs, maxStreams: MAX_STREAMS },
    settings: { mesh: settings.mesh },
    bundle: beside(authority.bundle, federation.foreign),
    onTrust: () => succession.nudge(),
    maxStreamsPerIdentity: settings.maxStreamsPerIdentity,
  });
  closers.add(() => hub.close());
  const succession = new Succession({
    ...{ ...ca, clock, log, keyType: settings.caKeyType, intermediateTtlMs: settings.intermediateTtlMs },
    lagging: () => hub.lagging(),
  });
  closers.add(() => succession.close());
  let ready = true;
  closers.add(() => {
    ready = false;
  });
  const denied = () => authority.bundle.current().denied;
  const proofs = proofsOf({ ...settings, tokens, denied });
  closers.add(async () => proofs.close());
  const route = makeRouter({
    ...{ tokens, proofs: proofs.all, clock, log, dev: settings.dev },
    routes: [
      ...openRoutes(authority, () => ready),
      ...svidRoutes({ authority, attempts: new Attempts({ clock }), log }),
      ...bundleRoutes({ federation, bundle: authority.bundle, own: ownNames(settings), store, clock, log }),
      ...streamRoutes(hub),
      ...resourceRoutes(publisher),
      ...workloadRoutes(registry, hub),
      ...tokenRoutes({ ...ca, tokens, clock, log }),
      ...caRoutes({ ...ca, succession, lagging: () => hub.lagging(), clock, log }),
      ...deniedRoutes({ ...ca, log }),
    ],
  });
  listening = await listen(settings, authority, (request, response) => void route(request, response));
  // The operator's token of this directory is good for whatever root signs.
  closers.add(authority.issuer.subscribe(() => void makeOperatorToken(tokens, operatorTokenFile)));
  succession.start();
  const { port } = listening;
  const url = urlOf(settings, port);
  // Operators on this machine find the service, and with `operator.token` all that they need, in its data directory.
  writePrivateFile(join(dataDir, 'control.json'), `${JSON.stringify({ url })}\n`);
  announce(settings, url);
  const close = () => closers.close();
  const pin = authority.pin;
  return { url, port, operatorTokenFile, pin, close, [Symbol.asyncDispose]: close };
}

/** Nobody else may speak for these. */
function ownNames({ trustDomain, mesh }: ControlSettings): readonly string[] {
  return [trustDomain, ...(mesh.trustDomainAliases ?? [])];
}

/** Before the first workload is there, a selector that selects none is no mistake. */
function surroundingsOf({ services, workloads }: MeshState): Surroundings {
  return workloads.length === 0 ? { services } : { services, workloads };
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(
  settings: ControlSettings,
  authority: Authority,
  handle: ListenOptions['handle'],
): Promise<Listening> {
  const { address, port, clock, log, dev } = settings;
  const common = { address, port, clock, handle };
  if (dev) return listenPlain(common);
  const certificate = await makeServerCertificate(authority, clock);
  const listener = await listenSecure({ ...common, certificate });
  const stop = rotateServerCertificate({ authority, clock, log, install: (next) => listener.install(next) });
  const close = () => {
    stop();
    return listener.close();
  };
  return { port: listener.port, close };
}

/** The first operator gets in by a file that only the owner of the data can read. */
async function makeOperatorToken(tokens: Tokens, path: string): Promise<void> {
  const present = readFileIfAny(path);
  if (present !== undefined && (await tokens.verify(present)) !== undefined) {
    const pinned = tokens.pinned(present);
    if (pinned !== undefined) writePrivateFile(path, `${pinned}\n`);
    return;
  }
  const grant = { kind: 'operator', name: 'first operator', ttlMs: null, uses: null } as const;
  const { token } = await tokens.create(grant, 'heddle');
  writePrivateFile(path, `${token}\n`);
}

function urlOf({ address, dev }: ControlSettings, port: number): string {
  const everywhere = address === '0.0.0.0' || address === '::';
  const host = everywhere ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return `${dev ? 'http' : 'https'}://${host}:${port}`;
}

function announce({ log, dev, trustDomain, dataDir }: ControlSettings, url: string): void {
  log({ level: 'info', event: 'control.started', fields: { url, trustDomain, dataDir, dev } });
  if (!dev) return;
  const warning =
    'DEV MODE: plain HTTP and no credentials. Every process on this machine can change policy. Never use it in production.';
  log({ level: 'warn', event: 'control.dev-mode', fields: { warning } });
}
