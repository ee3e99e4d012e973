/** What can be set, with its defaults, checked at the door. */
import { isIP } from 'node:net';
import type { EffectiveMesh } from 'heddle/policy';
import { type Clock, MeshError, SpiffeId, systemClock } from 'heddle/ports';
import type { KeyType } from 'heddle/security';
import { type KubernetesSettings, kubernetesOptions } from './issuer/proofs/index.js';
import { jsonLog, type Log } from './log.js';

export interface ControlOptions {
  /** Where the store, the CA and the operator's token lie; made, and closed to other users. */
  readonly dataDir: string;
  /** To listen on. Others reach the service only if it is not a loopback address. @default '127.0.0.1' */
  readonly address?: string;
  /** 0: any that is free. @default 15010 */
  readonly port?: number;
  /** Of the identities that are issued; cannot be changed later. @default 'cluster.local' */
  readonly trustDomain?: string;
  /** Plain HTTP and no credentials, on loopback only: for trying things out. @default false */
  readonly dev?: boolean;
  /** How long an SVID lives. @default 3 600 000 (an hour) */
  readonly svidTtlMs?: number;
  /**
   * PEM file, mode 0600, with an intermediate authority (private key, certificate, those above it, the root), so that the root's key stays
   * elsewhere; or with a root and its key. Read when there is no authority yet. @default one is made
   */
  readonly caFile?: string;
  /** Kind of key of the roots and intermediates that are made here. @default 'ec-p256' */
  readonly caKeyType?: KeyType;
  /** How long an intermediate lives; it is replaced at half of that. @default 30 days, or four lives of an SVID */
  readonly intermediateTtlMs?: number;
  /** How long a workload's endpoints outlive its connection. @default 10 000 */
  readonly leaseMs?: number;
  /** How often workloads are to give a sign of life. @default 15 000 */
  readonly pingMs?: number;
  /** Streams that one identity may hold: its replicas. @default 1000 */
  readonly maxStreamsPerIdentity?: number;
  /** The cluster whose service accounts may join with their projected tokens. @default none */
  readonly kubernetes?: KubernetesSettings;
  /** Roots (PEM) of the servers of foreign trust domains' bundles, profile `https_web`. @default the platform's */
  readonly federationCaFile?: string;
  /** What holds for all workloads. @default calls go to known hosts only (`REGISTRY_ONLY`), paths are normalized as `BASE` */
  readonly mesh?: Partial<
    Pick<EffectiveMesh, 'outboundTrafficPolicy' | 'trustDomainAliases' | 'pathNormalization'>
  >;
  /** @default JSON lines on stderr */
  readonly log?: Log;
  /** @default the system's */
  readonly clock?: Clock;
}

/** Options with every default filled in. */
export interface ControlSettings
  extends Required<Omit<ControlOptions, 'mesh' | 'kubernetes' | 'caFile' | 'federationCaFile'>> {
  readonly mesh: EffectiveMesh;
  readonly kubernetes: KubernetesSettings | null;
  readonly federationCaFile: string | null;
  readonly caFile: string | null;
}

/** @throws MeshError `HEDDLE_INVALID_SETTING` naming the option */
export function controlSettings(options: ControlOptions): ControlSettings {
  const clock = options.clock ?? systemClock;
  const trustDomain = options.trustDomain ?? 'cluster.local';
  const svidTtlMs = options.svidTtlMs ?? 3_600_000;
  const settings: ControlSettings = {
    dataDir: options.dataDir,
    address: options.address ?? '127.0.0.1',
    port: options.port ?? 15010,
    trustDomain,
    dev: options.dev ?? false,
    svidTtlMs,
    caFile: options.caFile ?? null,
    caKeyType: options.caKeyType ?? 'ec-p256',
    intermediateTtlMs: options.intermediateTtlMs ?? Math.max(30 * 86_400_000, 4 * svidTtlMs),
    leaseMs: options.leaseMs ?? 10_000,
    pingMs: options.pingMs ?? 15_000,
    maxStreamsPerIdentity: options.maxStreamsPerIdentity ?? 1_000,
    kubernetes: options.kubernetes ?? null,
    federationCaFile: options.federationCaFile ?? null,
    mesh: { outboundTrafficPolicy: 'REGISTRY_ONLY', ...options.mesh, trustDomain },
    log: options.log ?? jsonLog(clock, (line) => void process.stderr.write(line)),
    clock,
  };
  check(settings);
  return settings;
}

function check(settings: ControlSettings): void {
  if (settings.dataDir === '') throw invalid('dataDir', 'is empty; name a directory');
  checkTrustDomain(settings.trustDomain, 'trustDomain');
  for (const alias of settings.mesh.trustDomainAliases ?? [])
    checkTrustDomain(alias, 'mesh.trustDomainAliases');
  if (settings.kubernetes !== null) kubernetesOptions(settings.kubernetes);
  within(settings.port, 'port', 0, 65_535);
  within(settings.svidTtlMs, 'svidTtlMs', 1_000, 90 * 86_400_000);
  within(settings.intermediateTtlMs, 'intermediateTtlMs', 2 * settings.svidTtlMs, 3_652 * 86_400_000);
  within(settings.leaseMs, 'leaseMs', 100, 3_600_000);
  within(settings.pingMs, 'pingMs', 100, 60_000);
  within(settings.maxStreamsPerIdentity, 'maxStreamsPerIdentity', 1, 1_000_000);
  if (settings.dev && !isLoopback(settings.address)) {
    throw invalid(
      'address',
      `(${settings.address}) is not a loopback address; dev mode has no credentials and listens on 127.0.0.1 or ::1 only`,
    );
  }
}

function checkTrustDomain(name: string, option: string): void {
  const id = `spiffe://${name}`;
  try {
    const read = SpiffeId.parse(id);
    if (read.toString() !== id || read.path !== '') throw new Error('not in lower case, or with a path');
  } catch (cause) {
    throw invalid(option, `(${name}) is not a trust domain such as cluster.local`, cause);
  }
}

/** Only this machine can reach it. Of names only `localhost` counts: others may resolve to anything. */
export function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || address === 'localhost';
}

function within(value: number, option: string, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(option, `(${value}) is not a whole number from ${least} to ${most}`);
}

function invalid(option: string, because: string, cause?: unknown): MeshError {
  return new MeshError(`${option} ${because}`, { code: 'HEDDLE_INVALID_SETTING', cause });
}
