/** Steady traffic from a visitor, and a tally of what came back. */
import type { Mesh } from 'heddle';

export interface Visit {
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** 0: no answer at all. */
  readonly status: number;
  readonly error: string | null;
  readonly page: Page | null;
}

export interface Review {
  readonly reviewer: string;
  readonly text: string;
  readonly stars?: number;
  readonly color?: string;
}

export interface Page {
  readonly details: { readonly author?: string; readonly error?: string | number };
  readonly reviews: {
    readonly version?: string;
    readonly process?: number;
    readonly ratingsMs?: number;
    /** A status of HTTP, or the name of one of gRPC; absent: it answered. */
    readonly ratingsFailed?: string | number;
    readonly reviews?: readonly Review[];
    readonly error?: string | number;
  };
}

export async function visit(mesh: Mesh, headers: Record<string, string> = {}): Promise<Visit> {
  const startedAt = performance.now();
  try {
    const response = await mesh.fetch('http://productpage:9080/productpage', { headers });
    const page = (await response.json()) as Page;
    const error = response.ok ? null : `${response.status} ${JSON.stringify(page.reviews)}`;
    return { startedAt, durationMs: performance.now() - startedAt, status: response.status, error, page };
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    return { startedAt, durationMs: performance.now() - startedAt, status: 0, error, page: null };
  }
}

/** Requests at a steady rate, whether or not the earlier ones have been answered. */
export class Load {
  readonly visits: Visit[] = [];
  readonly #mesh: Mesh;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(mesh: Mesh, perSecond: number, onVisit: (load: Load) => void) {
    this.#mesh = mesh;
    const tickMs = 20;
    let due = 0;
    this.#timer = setInterval(() => {
      for (due += (perSecond * tickMs) / 1000; due >= 1; due -= 1) this.#go(onVisit);
    }, tickMs);
  }

  /** Sends no more; resolves with all visits when the last is answered. */
  async stop(): Promise<readonly Visit[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    return this.visits;
  }

  get failures(): readonly Visit[] {
    return this.visits.filter(({ error }) => error !== null);
  }

  #go(onVisit: (load: Load) => void): void {
    const going = visit(this.#mesh).then((done) => {
      this.visits.push(done);
      this.#underWay.delete(going);
      onVisit(this);
    });
    this.#underWay.add(going);
  }
}

/** How many visits saw each version of reviews. */
export function versions(visits: readonly Visit[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { page } of visits) {
    const version = page?.reviews.version ?? 'none';
    counts[version] = (counts[version] ?? 0) + 1;
  }
  return counts;
}

export function hasStars(visit: Visit): boolean {
  return visit.page?.reviews.reviews?.some(({ stars }) => stars !== undefined) ?? false;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
