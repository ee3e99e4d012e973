/** A connection of a pool that knows how often it has answered: one that never has is no connection that idled. */
import { type buildConnector, Client, type Dispatcher } from 'undici';
import type { ClusterConnections } from './cluster-connections.js';

/** What a request is sent as: it hears on which connection it goes. */
export interface PooledRequest extends Dispatcher.DispatchOptions {
  connection: PooledClient | null;
}

export class PooledClient extends Client {
  readonly #life: Life;

  /** A pool's `factory`. @param bounded the connections of the cluster, where policy bounds them */
  static factory(bounded: ClusterConnections | null): (origin: URL, options: object) => Dispatcher {
    return (origin, options) => {
      const { connect } = options as { readonly connect: buildConnector.connector };
      const life: Life = { answered: 0 };
      const counted: buildConnector.connector = (to, opened) =>
        connect(to, (...result: Parameters<buildConnector.Callback>) => {
          life.answered = 0;
          opened(...result);
        });
      const connector: buildConnector.connector =
        bounded?.connector(counted, (): PooledClient => client) ?? counted;
      const client: PooledClient = new PooledClient(origin, { ...options, connect: connector }, life);
      return client;
    };
  }

  private constructor(origin: URL, options: Client.Options, life: Life) {
    super(origin, options);
    this.#life = life;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (options as PooledRequest).connection = this;
    return super.dispatch(options, handler);
  }

  /** Responses that the connection as it is now has brought. */
  get answered(): number {
    return this.#life.answered;
  }

  /** A response has begun. */
  hasAnswered(): void {
    this.#life.answered += 1;
  }
}

interface Life {
  answered: number;
}
