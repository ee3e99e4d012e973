/**
 * Publishing: parse → validate → analyse → compare-and-put, all documents in one commit. What does not validate is never stored; what
 * analysis finds (a route to a host that nobody knows yet) is told, and stops the change only if asked to, as Istio does it: policy and
 * the services that it speaks of may arrive in any order.
 */
import type { Message, PolicyFile, Resource, Surroundings } from 'heddle/policy';
import type { Clock } from 'heddle/ports';
import { ApiError } from '../api/errors.js';
import { HEAD_KEY, RESOURCES_PREFIX, resourceKey } from '../keys.js';
import type { Log } from '../log.js';
import type { Entry, Store } from '../store/store.js';
import { ChangeAnalyzer, checkDocuments } from './check.js';
import { type ApplyResult, type PlannedWrite, plan } from './plan.js';
import { resourceOf } from './stored.js';

export interface PublisherOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** What workloads have registered: policy may speak of it. */
  readonly surroundings: () => Surroundings;
}

export interface ApplyOptions {
  readonly author: string;
  /** Errors of the analysis stop the change too. @default false */
  readonly strict?: boolean;
  /** Say what would happen, and write nothing. @default false */
  readonly dryRun?: boolean;
  /** The one resource that the document must be, at a revision: 0: it must not be there yet. */
  readonly expected?: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly ifRevision?: number;
}

export interface ApplyAnswer {
  /** Of the policy after the change. */
  readonly revision: number;
  readonly results: readonly ApplyResult[];
  readonly messages: readonly Message[];
}

/** Others may write meanwhile; more often than this they do not. */
const ATTEMPTS = 8;

export class Publisher {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #surroundings: () => Surroundings;
  readonly #analyzer = new ChangeAnalyzer();

  constructor(options: PublisherOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#surroundings = options.surroundings;
  }

  /** Gives an empty store its first revision, so that "no policy yet" is a state that workloads can accept. */
  async start(): Promise<void> {
    await this.#store.commit({
      compares: [{ key: HEAD_KEY, modRevision: 0 }],
      operations: [{ type: 'put', key: HEAD_KEY, value: this.#head('heddle') }],
    });
  }

  /** Revision of the last change of resources. */
  async revision(): Promise<number> {
    return (await this.#store.get(HEAD_KEY))?.modRevision ?? 0;
  }

  /**
   * Applies YAML or JSON documents.
   * @throws ApiError 422 with all that is wrong, 409 if a stored resource is not the one that the change was made from
   */
  async apply(files: readonly PolicyFile[], options: ApplyOptions): Promise<ApplyAnswer> {
    const checked = checkDocuments(files);
    if (!checked.ok) throw invalidPolicy(checked.messages);
    const { resources } = checked;
    if (options.expected !== undefined) requireExpected(resources, options.expected);
    for (let attempt = 1; ; attempt += 1) {
      const { entries } = await this.#store.list(RESOURCES_PREFIX);
      const around = { ...this.#surroundings(), stored: entries.map(resourceOf) };
      const messages = this.#analyzer.analyze(files, resources, around);
      if (options.strict === true && messages.some(({ level }) => level === 'error'))
        throw invalidPolicy(messages);
      const writes = this.#plan(resources, entries, options);
      const revision =
        options.dryRun === true ? await this.revision() : await this.#commit(writes, options.author);
      if (revision !== undefined)
        return { revision, results: writes.map((w) => resultOf(w, revision)), messages };
      if (attempt === ATTEMPTS) throw conflict('others keep changing these resources; try again');
    }
  }

  async list(filter: {
    readonly kind?: string | null;
    readonly namespace?: string | null;
  }): Promise<Resource[]> {
    const { entries } = await this.#store.list(RESOURCES_PREFIX);
    return entries.map(resourceOf).filter(({ kind, metadata }) => {
      return (
        (filter.kind ?? kind) === kind && (filter.namespace ?? metadata.namespace) === metadata.namespace
      );
    });
  }

  async get(kind: string, namespace: string, name: string): Promise<Resource | undefined> {
    const entry = await this.#store.get(resourceKey(kind, namespace, name));
    return entry === undefined ? undefined : resourceOf(entry);
  }

  /**
   * @returns the revision of the policy without it
   * @throws ApiError 404 if it is not there, 409 if it is not at `ifRevision`
   */
  async remove(
    target: { readonly kind: string; readonly namespace: string; readonly name: string },
    options: { readonly author: string; readonly ifRevision?: number },
  ): Promise<number> {
    const { kind, namespace, name } = target;
    const key = resourceKey(kind, namespace, name);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const entry = await this.#store.get(key);
      if (entry === undefined)
        throw new ApiError(404, 'not_found', `there is no ${kind} ${namespace}/${name}`);
      if (options.ifRevision !== undefined && options.ifRevision !== entry.modRevision) {
        throw conflict(
          `${kind} ${namespace}/${name} is at revision ${entry.modRevision}, not ${options.ifRevision}`,
        );
      }
      const { ok, revision } = await this.#store.commit({
        compares: [{ key, modRevision: entry.modRevision }],
        operations: [
          { type: 'delete', key },
          { type: 'put', key: HEAD_KEY, value: this.#head(options.author) },
        ],
      });
      if (!ok) continue;
      const fields = { revision, author: options.author, resource: `${kind} ${namespace}/${name}` };
      this.#log({ level: 'info', event: 'policy.deleted', fields });
      return revision;
    }
    throw conflict('others keep changing this resource; try again');
  }

  #plan(
    resources: readonly Resource[],
    entries: readonly Entry[],
    options: ApplyOptions,
  ): readonly PlannedWrite[] {
    const current = new Map(entries.map((entry) => [entry.key, entry]));
    const now = new Date(this.#clock.wallNow()).toISOString();
    const planned = plan(resources, current, { author: options.author, now });
    if (!planned.ok) throw conflict(planned.because);
    const wrong = planned.writes.find(
      ({ modRevision }) => modRevision !== (options.ifRevision ?? modRevision),
    );
    if (wrong !== undefined)
      throw conflict(`it is at revision ${wrong.modRevision}, not ${options.ifRevision}`);
    return planned.writes;
  }

  /** @returns undefined if somebody else was faster */
  async #commit(writes: readonly PlannedWrite[], author: string): Promise<number | undefined> {
    const operations = writes.flatMap(({ operation }) => operation ?? []);
    if (operations.length === 0) return this.revision();
    const { ok, revision } = await this.#store.commit({
      compares: writes.map(({ key, modRevision }) => ({ key, modRevision })),
      operations: [...operations, { type: 'put', key: HEAD_KEY, value: this.#head(author) }],
    });
    if (!ok) return undefined;
    const changed = writes.filter(({ action }) => action !== 'unchanged');
    const names = changed.map(
      ({ resource: { kind, metadata } }) => `${kind} ${metadata.namespace}/${metadata.name}`,
    );
    this.#log({ level: 'info', event: 'policy.applied', fields: { revision, author, resources: names } });
    return revision;
  }

  #head(author: string) {
    return { author, writtenAt: new Date(this.#clock.wallNow()).toISOString() };
  }
}

function resultOf(write: PlannedWrite, revision: number): ApplyResult {
  const { apiVersion, kind, metadata } = write.resource;
  const resourceVersion = String(write.action === 'unchanged' ? write.modRevision : revision);
  const { namespace, name } = metadata;
  return { apiVersion, kind, namespace, name, result: write.action, resourceVersion };
}

function requireExpected(
  resources: readonly Resource[],
  expected: NonNullable<ApplyOptions['expected']>,
): void {
  const [only, more] = resources;
  const { kind, namespace, name } = expected;
  if (only === undefined || more !== undefined) {
    throw new ApiError(400, 'invalid', 'the body must be exactly one resource');
  }
  const { metadata } = only;
  if (only.kind !== kind || metadata.namespace !== namespace || metadata.name !== name) {
    const got = `${only.kind} ${metadata.namespace}/${metadata.name}`;
    throw new ApiError(400, 'invalid', `the body is ${got}, the path ${kind} ${namespace}/${name}`);
  }
}

function invalidPolicy(messages: readonly Message[]): ApiError {
  const count = messages.filter(({ level }) => level === 'error').length;
  return new ApiError(
    422,
    'invalid_policy',
    `the policy has ${count} error${count === 1 ? '' : 's'}`,
    messages,
  );
}

function conflict(because: string): ApiError {
  return new ApiError(409, 'conflict', because);
}
