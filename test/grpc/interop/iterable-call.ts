/** The shape of cases around libraries that take and give iterables and promises. */
import { type End, type Fields, Queue, type TestCall } from './client.js';
import type { MethodName, Methods } from './definitions.js';

export interface Hooks {
  readonly signal: AbortSignal;
  onInitial(fields: Fields): void;
  onTrailing(fields: Fields): void;
}

export interface Library<M extends MethodName> {
  /** Begins a call. */
  start(requests: AsyncIterable<Methods[M]['request']>, hooks: Hooks): AsyncIterable<Methods[M]['response']>;
  /** What an error says; undefined for one that is none of a call. */
  ended(error: unknown): Pick<End, 'code' | 'details'> | undefined;
}

const CANCELLED = 1;

export class IterableCall<M extends MethodName> implements TestCall<M> {
  readonly initial: Promise<Fields>;
  readonly end: Promise<End>;
  readonly #requests = new Queue<Methods[M]['request']>();
  readonly #responses = new Queue<Methods[M]['response']>();
  readonly #abort = new AbortController();

  constructor(library: Library<M>) {
    let onInitial: (fields: Fields) => void = () => {};
    this.initial = new Promise((resolve) => {
      onInitial = resolve;
    });
    this.end = this.#run(library, onInitial);
  }

  send(request: Methods[M]['request']): void {
    this.#requests.push(request);
  }

  finish(): void {
    this.#requests.close();
  }

  cancel(): void {
    this.#abort.abort();
  }

  next(): Promise<Methods[M]['response'] | undefined> {
    return this.#responses.next();
  }

  async #run(library: Library<M>, onInitial: (fields: Fields) => void): Promise<End> {
    const { signal } = this.#abort;
    let trailing: Fields = {};
    const onTrailing = (fields: Fields) => {
      trailing = fields;
    };
    try {
      const responses = library.start(this.#requests, { signal, onInitial, onTrailing });
      for await (const response of responses) this.#responses.push(response);
      return { code: 0, details: '', trailing };
    } catch (error) {
      const ended = library.ended(error);
      if (ended !== undefined) return { ...ended, trailing };
      if (signal.aborted) return { code: CANCELLED, details: 'cancelled', trailing };
      throw error;
    } finally {
      this.#responses.close();
    }
  }
}
