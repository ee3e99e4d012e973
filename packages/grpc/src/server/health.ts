/**
 * The health service of a server on a port of the mesh: it serves while the port is open, and does not while it closes.
 * @source grpc doc/health-checking.md
 */
import type { Server, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { HealthImplementation } from 'grpc-health-check';
import { MeshError } from 'heddle';
import { servicesOf } from './internals.js';

/** Statuses that the application sets by itself: an implementation of `grpc-health-check`. */
export type OwnHealth = Pick<HealthImplementation, 'setStatus' | 'addToServer'>;

/** What asks for the whole server. */
const ALL = '';
/** Health says nothing of these. */
const OF_GRPC = /^grpc\.(?:health|reflection)\./;

/** A server may be on more than one port. */
const known = new WeakMap<Server, Health>();

/**
 * Adds the service, and says that all others serve.
 * @param own keeps the statuses; what it says of a service is not touched until the port closes
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the server has a health service already
 */
export async function addHealth(server: Server, own: OwnHealth | null): Promise<Health> {
  let health = known.get(server);
  if (health === undefined) {
    const made = own ?? new (await import('grpc-health-check')).HealthImplementation();
    health = new Health(server, made, own === null);
    known.set(server, health);
  }
  health.open();
  return health;
}

export class Health {
  readonly #health: OwnHealth;
  readonly #services: readonly string[];
  /** The statuses are ours to set. */
  readonly #ours: boolean;
  readonly #watching = new Set<Watch>();
  #ports = 0;

  constructor(server: Server, health: OwnHealth, ours: boolean) {
    this.#health = health;
    this.#ours = ours;
    this.#services = [ALL, ...servicesOf(server).filter((name) => !OF_GRPC.test(name))];
    health.addToServer({
      addService: (definition, methods) => {
        const { watch, ...others } = methods as unknown as Methods;
        this.#add(() => server.addService(definition, { ...others, watch: this.#kept(watch) }));
      },
    });
  }

  open(): void {
    this.#ports += 1;
    if (this.#ours) this.#set('SERVING');
  }

  /** Whoever watches hears it, and that there is nothing more to hear: a stream that never ends would hold up the closing. */
  close(): void {
    this.#ports -= 1;
    if (this.#ports > 0) return;
    this.#set('NOT_SERVING');
    for (const call of this.#watching) call.end();
  }

  #set(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of this.#services) this.#health.setStatus(service, status);
  }

  #kept(watch: (call: Watch) => void): (call: Watch) => void {
    return (call) => {
      this.#watching.add(call);
      call.on('cancelled', () => this.#watching.delete(call));
      watch(call);
      if (this.#ports === 0) call.end();
    };
  }

  #add(add: () => void): void {
    try {
      add();
    } catch (cause) {
      throw new MeshError(
        'listen: the server has a health service already; leave out `health`, or hand it in there',
        {
          code: 'HEDDLE_INVALID_ARGUMENT',
          cause,
        },
      );
    }
  }
}

/** A call that is told of changes until it ends. */
interface Watch {
  on(event: 'cancelled', listener: () => void): unknown;
  end(): unknown;
}

type Methods = UntypedServiceImplementation & { readonly watch: (call: Watch) => void };
