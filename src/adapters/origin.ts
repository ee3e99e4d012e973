/** Where a workload's policy and identity come from: the one place that chooses among their sources. */
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Workload } from '../model/workload.js';
import type { EffectiveMesh } from '../policy/effective.js';
import type { PolicySource } from '../policy/source.js';
import type { IdentitySource, IdentityStatus, OverdueStage } from '../ports/identity.js';
import { connectControl } from './control/index.js';
import { openIdentityFiles } from './identity-files/index.js';
import { openPolicyFiles } from './policy-file/index.js';
import { pollPolicyUrl } from './policy-url/index.js';

export interface OriginSettings {
  readonly workload: Workload;
  readonly policy:
    | { readonly kind: 'control'; readonly url: string }
    | { readonly kind: 'files'; readonly path: string }
    | { readonly kind: 'url'; readonly url: string };
  readonly token: string | null;
  /** @default none */
  readonly tokenFile?: string | null;
  /** @default none */
  readonly controlCaFile?: string | null;
  readonly hosts: readonly string[];
  readonly stateDir: string | null;
  readonly identityDir: string | null;
  /** @default none */
  readonly federatedBundles?: Readonly<Record<string, string>>;
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly trustDomain: string;
  /** @default none */
  readonly trustDomainAliases?: readonly string[];
  /** @default 'BASE' */
  readonly pathNormalization?: EffectiveMesh['pathNormalization'];
}

export interface OriginParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (line: string) => void;
  /** In place of the identity that the settings name. @default none */
  readonly identity?: IdentitySource | null;
  /** Told when our SVID is late to be renewed. @default nobody is */
  readonly onOverdue?: (stage: OverdueStage, status: IdentityStatus) => void;
}

export interface Origin {
  readonly source: PolicySource;
  /** null: plain text only. */
  readonly identity: IdentitySource | null;
  close(): Promise<void>;
}

/** @throws MeshError `HEDDLE_INVALID_SETTING` for a location that is none; `HEDDLE_IDENTITY_UNAVAILABLE` for files that cannot be used */
export function openOrigin(settings: OriginSettings, parts: OriginParts): Origin {
  const { policy, workload, tokenFile = null, controlCaFile = null } = settings;
  const own =
    parts.identity ??
    (settings.identityDir === null
      ? null
      : openIdentityFiles(settings.identityDir, parts, foreignOf(settings)));
  if (policy.kind === 'control') {
    const control = connectControl({
      ...parts,
      url: policy.url,
      workload,
      hosts: settings.hosts,
      ...(settings.token === null ? {} : { token: settings.token }),
      ...(tokenFile === null ? {} : { tokenFile }),
      ...(controlCaFile === null ? {} : { controlCaFile }),
      ...(settings.stateDir === null ? {} : { stateDir: settings.stateDir }),
      identityElsewhere: own !== null,
      ...(parts.onOverdue === undefined ? {} : { onOverdue: parts.onOverdue }),
    });
    // A config service in dev mode issues nothing: plain HTTP has no peer that could prove itself.
    const issued = policy.url.startsWith('https:') ? control.identity : null;
    return origin(control, own ?? issued);
  }
  const options = {
    ...parts,
    scope: { namespace: workload.namespace, service: workload.service, labels: workload.labels },
    mesh: meshOf(settings),
  };
  const source =
    policy.kind === 'files' ? openPolicyFiles(policy.path, options) : pollPolicyUrl(policy.url, options);
  return origin(source, own);
}

function foreignOf({ federatedBundles = {} }: OriginSettings) {
  return Object.entries(federatedBundles).map(([trustDomain, file]) => ({ trustDomain, file }));
}

/** Of a workload that resolves policy itself: nobody tells it of its mesh. */
function meshOf({
  trustDomain,
  trustDomainAliases = [],
  pathNormalization,
  outboundTrafficPolicy,
}: OriginSettings): EffectiveMesh {
  return {
    trustDomain,
    outboundTrafficPolicy,
    ...(trustDomainAliases.length > 0 && { trustDomainAliases }),
    ...(pathNormalization !== undefined && { pathNormalization }),
  };
}

function origin(source: PolicySource, identity: IdentitySource | null): Origin {
  return {
    source,
    identity,
    async close() {
      await source.close();
      await identity?.close();
    },
  };
}
