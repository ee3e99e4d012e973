/**
 * The connections of one cluster, where policy bounds them. A connection of HTTP/2 carries many calls and may never idle, so that
 * nobody waits for one to be given up: each destination has its first at once, and the others only while enough are left for the
 * destinations that have none. Over all of them there are never more than `maxConnections`, or one for each destination if that is
 * more; one too many, for a destination that was not known before, has another destination finish one of its own.
 * @source Envoy counts connections by cluster, too, and opens one to an endpoint that has none whatever the others have
 */

/** A destination's pool, as its cluster sees it. */
export interface Member {
  /** Connections that are being opened or take calls. */
  readonly live: number;
  /** Those that only finish what they have, too. */
  readonly connections: number;
  /** Opens what it needs, as far as it may. */
  grow(): void;
  /** Finishes one of its connections. */
  giveBack(): void;
}

export class ClusterSessions {
  readonly #most: number;
  /** Those that take calls. */
  readonly #members = new Set<Member>();
  /** Those that finish what they have. */
  readonly #leaving = new Set<Member>();

  constructor(most: number) {
    this.#most = most;
  }

  join(member: Member): void {
    this.#members.add(member);
  }

  /** It takes no calls any more. */
  retire(member: Member): void {
    this.#members.delete(member);
    this.#leaving.add(member);
    this.freed();
  }

  /** It is over. */
  leave(member: Member): void {
    this.#members.delete(member);
    this.#leaving.delete(member);
  }

  get isUnused(): boolean {
    return this.#members.size + this.#leaving.size === 0;
  }

  mayOpen(member: Member): boolean {
    let without = 0;
    let open = 0;
    for (const { live, connections } of this.#members) {
      open += connections;
      if (live === 0) without += 1;
    }
    for (const { connections } of this.#leaving) open += connections;
    const most = Math.max(this.#most, this.#members.size);
    if (member.live > 0) return open + without < most;
    if (open >= most) this.#richest()?.giveBack();
    return true;
  }

  /** There is one less: somebody else may need it. */
  freed(): void {
    for (const member of this.#members) member.grow();
  }

  /** Who has the most; null: nobody has more than one. */
  #richest(): Member | null {
    let richest: Member | null = null;
    for (const member of this.#members) if (member.live > (richest?.live ?? 1)) richest = member;
    return richest;
  }
}
