/** grpc-js's `Channel` over a mesh: no connections of its own, each call goes where policy sends it. */
import { type ChannelInterface, type connectivityState, propagate, status } from '@grpc/grpc-js';
import type { Call } from '@grpc/grpc-js/build/src/call-interface.js';
import type { ChannelRef } from '@grpc/grpc-js/build/src/channelz.js';
import type { Deadline } from '@grpc/grpc-js/build/src/deadline.js';
import type { ServerSurfaceCall } from '@grpc/grpc-js/build/src/server-call.js';
import { type Mesh, type MeshCalls, MeshError } from 'heddle';
import { type Clock, systemClock } from 'heddle/ports';
import type { Coding } from './compression.js';
import { Connectivity } from './connectivity.js';
import { MeshCall } from './mesh-call.js';
import type { ChannelParts } from './parts.js';
import { type ChannelSettings, type MeshChannelOptions, settingsOf } from './settings.js';
import { authorityOf } from './target.js';

export class MeshChannel implements ChannelInterface, ChannelParts {
  readonly calls: MeshCalls;
  readonly clock: Clock = systemClock;
  readonly settings: ChannelSettings;
  readonly target: string;
  readonly authority: string;
  coding: Coding;
  closed = false;
  readonly #connectivity: Connectivity;
  #numbers = 0;

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a target that names no service */
  constructor(mesh: Mesh, target: string, options: MeshChannelOptions) {
    this.calls = mesh.calls;
    this.target = target;
    this.authority = authorityOf(target);
    this.settings = settingsOf(options);
    this.coding = this.settings.coding;
    const { calls, clock, authority } = this;
    this.#connectivity = new Connectivity({ calls, clock, authority, scheme: this.settings.scheme });
  }

  close(): void {
    this.closed = true;
    this.#connectivity.close();
  }

  getTarget(): string {
    return this.target;
  }

  getConnectivityState(tryToConnect: boolean): connectivityState {
    return this.#connectivity.current(tryToConnect);
  }

  watchConnectivityState(
    currentState: connectivityState,
    deadline: Date | number,
    callback: (error?: Error) => void,
  ): void {
    this.#connectivity.watch(currentState, Number(deadline) - this.now(), callback);
  }

  getChannelzRef(): ChannelRef {
    return { kind: 'channel' as ChannelRef['kind'], id: 0, name: this.target };
  }

  createCall(
    method: string,
    deadline: Deadline,
    host: string | null | undefined,
    parentCall: ServerSurfaceCall | null,
    propagateFlags: number | null | undefined,
  ): Call {
    if (typeof method !== 'string') throw new TypeError('Channel#createCall: method must be a string');
    if (typeof deadline !== 'number' && !(deadline instanceof Date))
      throw new TypeError('Channel#createCall: deadline must be a number or Date');
    if (this.closed) throw new MeshError('this channel was closed', { code: 'HEDDLE_CLOSED' });
    this.#numbers += 1;
    const flags = propagateFlags ?? propagate.DEFAULTS;
    let at = Number(deadline);
    if (parentCall !== null && (flags & propagate.DEADLINE) !== 0)
      at = Math.min(at, Number(parentCall.getDeadline()));
    const call = new MeshCall(this, this.#numbers, method, at, host ?? null);
    if (parentCall !== null && (flags & propagate.CANCELLATION) !== 0) follow(call, parentCall);
    return call;
  }

  // -- its calls' side --

  accepts(codings: string): void {
    const understood = codings.split(',').map((coding) => coding.trim());
    const { coding } = this.settings;
    this.coding = understood.includes(coding) ? coding : 'identity';
  }

  now(): number {
    return this.clock.wallNow();
  }

  reached(): void {
    this.#connectivity.reached();
  }
}

function follow(call: MeshCall, parent: ServerSurfaceCall): void {
  const cancel = () => call.cancelWithStatus(status.CANCELLED, 'Cancelled by parent call');
  const { cancelled } = parent;
  if (cancelled) {
    cancel();
    return;
  }
  parent.once('cancelled', cancel);
  call.onOver = () => parent.removeListener('cancelled', cancel);
}
