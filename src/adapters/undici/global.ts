/** The dispatcher that the built-in `fetch` and every copy of undici share. Replaced by `heddle/auto` alone. */
import { Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from 'undici';

/**
 * Makes `mesh` the global dispatcher, but for origins that `excluded` names: these stay with the one before. Whoever sets another one
 * later, or names one in a call, gets that.
 */
export function replaceGlobalDispatcher(mesh: Dispatcher, excluded: (origin: URL) => boolean): void {
  setGlobalDispatcher(new Choosing(mesh, getGlobalDispatcher(), excluded));
}

class Choosing extends Dispatcher {
  readonly #mesh: Dispatcher;
  readonly #before: Dispatcher;
  readonly #excluded: (origin: URL) => boolean;
  /** The origin that was parsed last: most requests go where the one before went. */
  #last: { readonly text: string; readonly url: URL } | null = null;

  constructor(mesh: Dispatcher, before: Dispatcher, excluded: (origin: URL) => boolean) {
    super();
    this.#mesh = mesh;
    this.#before = before;
    this.#excluded = excluded;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (!this.#excluded(this.#urlOf(String(options.origin)))) return this.#mesh.dispatch(options, handler);
    return this.#before.dispatch(options, handler);
  }

  #urlOf(text: string): URL {
    if (this.#last?.text !== text) this.#last = { text, url: new URL(text) };
    return this.#last.url;
  }

  /** Closing what is everybody's closes nothing of the mesh. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    return callback === undefined ? this.#before.close() : void this.#before.close(callback);
  }

  override destroy(...given: unknown[]): Promise<void> {
    return Reflect.apply(this.#before.destroy, this.#before, given);
  }
}
