/**
 * One workload's stream: who it is, what it was told, what it made of it. A reader that is slow gets the newest state when it is ready
 * again, not all that it missed.
 */
import type { Scope } from 'heddle/policy';
import {
  type ControlMessage,
  type ListenerRegistration,
  PROTOCOL_VERSION,
  type RenewalOverdue,
  type WorkloadMessage,
} from 'heddle/ports';
import { because } from '../log.js';
import type { Registration } from '../registry/registry.js';
import { SERVICE_ACCOUNTS } from '../registry/service-accounts.js';
import { delta, updateLines } from './delta.js';
import type { StreamContext } from './hub.js';
import { type Hello, readMessage } from './messages.js';
import type { View, Views } from './views.js';

/** The connection under a stream. */
export interface Wire {
  /** false: the peer does not keep up; say no more before `drained` is called on the stream. */
  write(line: string): boolean;
  /** Ends the connection after what was written. */
  end(): void;
}

/** Who the peer proved to be; null in dev mode. */
export interface StreamPeer {
  readonly spiffeId: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** End of the certificate of the connection, milliseconds since the epoch. */
  readonly notAfter: number;
  /** The certificate of the connection, DER. */
  readonly certificate?: Uint8Array;
}

export interface StreamStatus {
  readonly connectedSince: number;
  /** Revision that it was last told of. */
  readonly offered: number;
  /** Revision that it runs; 0: none yet. */
  readonly accepted: number;
  /** What it would not run; null: nothing since it last accepted. */
  readonly refused: { readonly revision: number; readonly because: readonly string[] } | null;
  readonly certificateExpiresAt: number | null;
  /** Why there is no newer certificate although it was time; null: it was not, or there is. */
  readonly overdue: RenewalOverdue | null;
  /** Version of the trust bundle that it trusts; null: it does not say. */
  readonly bundle: string | null;
}

export class WorkloadStream {
  readonly peer: StreamPeer | null;
  /** Monotonic time of the last line. */
  heardAt: number;
  readonly #wire: Wire;
  readonly #context: StreamContext;
  readonly #connectedSince: number;
  #hello: Hello | undefined;
  /** What the workload held when it came, by name; forgotten once it was answered. */
  #have: Hello['have'] = {};
  #scope: Scope | undefined;
  #registration: Registration | undefined;
  #view: View | undefined;
  #blocked = false;
  #ended = false;
  #accepted = 0;
  #refused: StreamStatus['refused'] = null;
  #certificateExpiresAt: number | null = null;
  #overdue: RenewalOverdue | null = null;
  #bundle: string | null = null;
  #listeners: readonly ListenerRegistration[] | undefined;
  #working: Promise<void> | undefined;

  constructor(wire: Wire, peer: StreamPeer | null, context: StreamContext) {
    this.#wire = wire;
    this.peer = peer;
    this.#context = context;
    this.#connectedSince = context.clock.wallNow();
    this.heardAt = context.clock.now();
  }

  /** Of its registration; undefined until it is registered. */
  get registrationId(): string | undefined {
    return this.#registration?.id;
  }

  get status(): StreamStatus {
    return {
      connectedSince: this.#connectedSince,
      offered: this.#view?.revision ?? 0,
      accepted: this.#accepted,
      refused: this.#refused,
      certificateExpiresAt: this.#certificateExpiresAt,
      overdue: this.#overdue,
      bundle: this.#bundle,
    };
  }

  /** For people; undefined before it has said who it is. */
  get name(): string | undefined {
    const workload = this.#hello?.workload;
    return workload && `${workload.namespace}/${workload.name}`;
  }

  receive(line: string): void {
    if (this.#ended) return;
    this.heardAt = this.#context.clock.now();
    const read = readMessage(line);
    if (!read.ok) this.goodbye(read.because, false);
    else if (read.message.type === 'hello') this.#greet(read.message);
    else if (this.#hello === undefined) this.goodbye('the first message must be hello', false);
    else this.#take(read.message);
  }

  /** There is a new state. */
  advance(views: Views): void {
    if (this.#ended || this.#blocked || this.#scope === undefined || this.#hello === undefined) return;
    const next = views.of(this.#scope, this.#hello.hosts);
    const from = this.#view;
    const lines =
      from === undefined
        ? updateLines(next.revision, delta(versions(this.#have), next))
        : this.#context.steps.lines(from, next);
    this.#view = next;
    this.#have = {};
    for (const line of lines) this.#write(line);
  }

  /** The peer keeps up again. */
  drained(): void {
    this.#blocked = false;
    this.#advance();
  }

  goodbye(why: string, retry: boolean): void {
    if (this.#ended) return;
    if (!retry) this.#log('warn', 'workload.turned-away', { because: why });
    this.#say({ type: 'goodbye', because: why, retry });
    this.#ended = true;
    this.#wire.end();
  }

  /** The connection is gone. Resolves when the registry knows. */
  async closed(): Promise<void> {
    this.#ended = true;
    await this.#working;
    await this.#registration?.disconnect();
  }

  #take(message: Exclude<WorkloadMessage, Hello>): void {
    switch (message.type) {
      case 'listen':
        this.#listen(message.listeners);
        break;
      case 'accepted':
        this.#accepted = message.revision;
        this.#refused = null;
        this.#trust(message.bundle);
        break;
      case 'refused':
        this.#refused = { revision: message.revision, because: message.because };
        this.#log('warn', 'workload.refused', { revision: message.revision, because: message.because });
        this.#trust(message.bundle);
        break;
      case 'certificate':
        this.#certificateExpiresAt = message.expiresAt;
        this.#late(message.overdue);
        break;
      case 'ping':
        // A peer that does not read gets no answers piled up.
        if (!this.#blocked) this.#say({ type: 'pong' });
    }
  }

  #late(overdue: RenewalOverdue | undefined): void {
    this.#overdue = overdue ?? null;
    if (overdue !== undefined)
      this.#log('warn', 'workload.certificate-overdue', { stage: overdue.stage, because: overdue.because });
  }

  #trust(bundle: string | undefined): void {
    if (bundle === undefined || bundle === this.#bundle) return;
    this.#bundle = bundle;
    this.#context.onTrust();
  }

  #greet(hello: Hello): void {
    const why = this.#fault(hello);
    if (why !== null) {
      this.goodbye(why, false);
      return;
    }
    const { namespace, service, labels } = hello.workload;
    this.#hello = { ...hello, have: {} };
    this.#have = hello.have;
    this.#scope = { namespace, service, labels };
    this.#accepted = hello.revision;
    this.#certificateExpiresAt = hello.certificateExpiresAt;
    this.#late(hello.overdue);
    this.#trust(hello.have.bundle);
    this.#say({ type: 'welcome', protocol: PROTOCOL_VERSION, pingMs: this.#context.pingMs });
    this.#advance();
    this.#listen(hello.listeners);
  }

  /** Why `hello` cannot be taken; null: it can. */
  #fault(hello: Hello): string | null {
    if (this.#hello !== undefined) return 'hello was already said';
    if (hello.protocol !== PROTOCOL_VERSION) {
      return `this service speaks protocol ${PROTOCOL_VERSION}, not ${hello.protocol}`;
    }
    const { namespace, serviceAccount } = hello.workload;
    const { peer } = this;
    if (peer === null || (peer.namespace === namespace && peer.serviceAccount === serviceAccount))
      return null;
    return `the certificate is of ${peer.spiffeId}, not of ${namespace}/${serviceAccount}`;
  }

  #advance(): void {
    try {
      this.advance(this.#context.views());
    } catch (error) {
      this.#log('error', 'distribute.failed', { error: because(error) });
    }
  }

  /** Only the last of several lists counts, so a peer cannot make writes pile up. */
  #listen(listeners: readonly ListenerRegistration[]): void {
    const foreign = this.#foreign(listeners);
    if (foreign !== undefined) {
      const who = this.peer?.spiffeId ?? '';
      const how = `name its service account in the annotation ${SERVICE_ACCOUNTS} of the Service ${foreign}`;
      this.goodbye(`${who} may not serve ${foreign}; if it should, ${how}`, false);
      return;
    }
    this.#listeners = listeners;
    this.#working ??= this.#register().finally(() => {
      this.#working = undefined;
    });
  }

  /** A service that the peer would serve, but may not. */
  #foreign(listeners: readonly ListenerRegistration[]): string | undefined {
    const { peer } = this;
    if (peer === null) return undefined;
    const views = this.#context.views();
    const { namespace, serviceAccount } = peer;
    return listeners.find(({ service }) => !views.mayServe(service, namespace, serviceAccount))?.service;
  }

  async #register(): Promise<void> {
    try {
      while (this.#listeners !== undefined && this.#hello !== undefined) {
        const listeners = this.#listeners;
        this.#listeners = undefined;
        if (this.#registration !== undefined) await this.#registration.listen(listeners);
        else {
          const { workload } = this.#hello;
          const spiffeId = this.peer?.spiffeId ?? null;
          this.#registration = await this.#context.registry.connect(workload, spiffeId, listeners);
          this.#log('info', 'workload.connected', { listeners: listeners.length });
        }
      }
    } catch (error) {
      this.#log('error', 'registry.failed', { error: because(error) });
      this.goodbye('the registration could not be stored', true);
    }
  }

  #say(message: ControlMessage): void {
    this.#write(`${JSON.stringify(message)}\n`);
  }

  #write(line: string): void {
    if (this.#ended) return;
    if (!this.#wire.write(line)) this.#blocked = true;
  }

  #log(
    level: 'info' | 'warn' | 'error',
    event: string,
    fields: Record<string, string | number | readonly string[]>,
  ) {
    const workload = this.#hello?.workload;
    const who = workload === undefined ? '' : `${workload.namespace}/${workload.name}`;
    this.#context.log({ level, event, fields: { workload: who, ...fields } });
  }
}

function versions(have: Readonly<Record<string, string>>): ReadonlyMap<string, { readonly version: string }> {
  return new Map(Object.entries(have).map(([name, version]) => [name, { version }]));
}
