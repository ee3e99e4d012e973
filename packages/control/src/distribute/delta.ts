/** What changed between what a workload holds and what it is to know. Pure. */
import type { Rendered, View } from './views.js';

export interface Delta {
  /** New or changed. */
  readonly upsert: readonly Rendered[];
  /** Names that are no more. */
  readonly remove: readonly string[];
}

/** @param have versions by name */
export function delta(have: ReadonlyMap<string, { readonly version: string }>, view: View): Delta {
  const upsert: Rendered[] = [];
  for (const [name, rendered] of view.resources) {
    if (have.get(name)?.version !== rendered.version) upsert.push(rendered);
  }
  return { upsert, remove: [...have.keys()].filter((name) => !view.resources.has(name)) };
}

/** A message holds about this much, so that no line comes near the protocol's limit. */
const MESSAGE_CHARACTERS = 1024 * 1024;

/** The update messages for a delta, each a line; the last one says that it is the last. */
export function updateLines(revision: number, changes: Delta): string[] {
  const lines: string[] = [];
  let batch: string[] = [];
  let size = 0;
  const flush = (complete: boolean) => {
    const remove = complete ? JSON.stringify(changes.remove) : '[]';
    lines.push(
      `{"type":"update","revision":${revision},"upsert":[${batch.join(',')}],"remove":${remove},"complete":${complete}}\n`,
    );
    batch = [];
    size = 0;
  };
  for (const { json } of changes.upsert) {
    if (size > 0 && size + json.length > MESSAGE_CHARACTERS) flush(false);
    batch.push(json);
    size += json.length;
  }
  flush(true);
  return lines;
}

/** Lines from one view to the next, made once for all workloads that take this step. */
export class Steps {
  readonly #steps = new WeakMap<View, WeakMap<View, readonly string[]>>();

  /** No lines: there is nothing to say. */
  lines(from: View, to: View): readonly string[] {
    let steps = this.#steps.get(to);
    if (steps === undefined) this.#steps.set(to, (steps = new WeakMap()));
    let lines = steps.get(from);
    if (lines === undefined) {
      // The usual step is the one from view to view, and a view knows how it came about.
      const changes = to.change?.from.deref() === from ? to.change.delta : delta(from.resources, to);
      const same = from.revision === to.revision && changes.upsert.length + changes.remove.length === 0;
      lines = same ? [] : updateLines(to.revision, changes);
      steps.set(from, lines);
    }
    return lines;
  }
}
