/** A channel, as its calls see it. */
import type { MeshCalls } from 'heddle';
import type { Clock } from 'heddle/ports';
import type { Coding } from './compression.js';
import type { ChannelSettings } from './settings.js';

export interface ChannelParts {
  readonly calls: MeshCalls;
  readonly clock: Clock;
  readonly settings: ChannelSettings;
  /** As the application wrote it. */
  readonly target: string;
  readonly authority: string;
  readonly closed: boolean;
  /** What messages are compressed by, as far as is known that peers understand it. */
  readonly coding: Coding;
  /** A peer has said what it understands. @param codings with commas between them */
  accepts(codings: string): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A peer has answered. */
  reached(): void;
}
