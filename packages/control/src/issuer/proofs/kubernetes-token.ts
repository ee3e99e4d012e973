/**
 * Proof by a projected service-account token of a Kubernetes cluster: a JWT that the kubelet puts into a pod's volume, for our audience
 * and for a short time. The API server is never asked whether it is good: the cluster's public keys say it, so a file of them is enough
 * where there is no way to the cluster.
 * @source Kubernetes, "Managing Service Accounts" (bound tokens, `kubernetes.io` claim), "Service account issuer discovery"
 */
import { readFile, stat } from 'node:fs/promises';
import { type Clock, SpiffeId } from 'heddle/ports';
import {
  type FetchText,
  KeySets,
  MAX_JWKS_LENGTH,
  type ParsedJwt,
  parseJwt,
  type TokenKeys,
} from 'heddle/security';
import { because, type Log } from '../../log.js';
import { isLabel, isSubdomain } from '../../names.js';
import { SYSTEM_NAMESPACE } from '../server-certificate.js';
import { notProven, type Proof } from './proof.js';

export interface KubernetesTokenOptions {
  /** What `iss` must be: the cluster's `--service-account-issuer`. */
  readonly issuer: string;
  /** One of these must be in `aud`: the `audience` of the projected volume. */
  readonly audiences: readonly string[];
  readonly keys:
    | { readonly from: 'file'; readonly path: string }
    | { readonly from: 'uri'; readonly uri: string }
    /** Where `<issuer>/.well-known/openid-configuration` says. */
    | { readonly from: 'issuer' };
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly fetch: FetchText;
  readonly log: Log;
}

/** What clocks of machines may differ by. @source Istio `jwt` clock skew */
const SKEW_S = 60;
const FETCH_MS = 5_000;
/** API servers sign with RSA or EC keys; everything else is somebody's trial. */
const ALGORITHMS = /^(?:RS|PS|ES)(?:256|384|512)$/;

export interface KubernetesTokenProof extends Proof {
  /** Ends what is under way. */
  close(): void;
}

export function kubernetesTokenProof(options: KubernetesTokenOptions): KubernetesTokenProof {
  const { clock, fetch, log } = options;
  const warn = (text: string) => log({ level: 'warn', event: 'kubernetes.keys', fields: { because: text } });
  const sets = new KeySets({ clock, fetch, warn });
  const refuse = (reason: string) => {
    // Whoever asks learns nothing; whoever runs the service must be able to find out.
    log({ level: 'warn', event: 'kubernetes.token.refused', fields: { because: reason } });
    return notProven();
  };
  return {
    close: () => sets.close(),
    async prove({ bearer }) {
      if (bearer === undefined || bearer.split('.').length !== 3) return undefined;
      const token = parseJwt(bearer);
      if (typeof token === 'string') throw refuse(`the token cannot be read (${token})`);
      const fault = claimsFault(token, options);
      if (fault !== null) throw refuse(fault);
      const account = accountOf(token);
      if (typeof account === 'string') throw refuse(account);
      let keys: TokenKeys;
      try {
        keys = await keysOf(options);
      } catch (error) {
        throw refuse(`the cluster's keys cannot be read: ${because(error)}`);
      }
      const signature = await signatureFault(sets, keys, { ...token, text: bearer });
      if (signature !== null) throw refuse(signature);
      const { namespace, serviceAccount, pod } = account;
      return {
        kind: 'joining',
        id: SpiffeId.forServiceAccount(options.trustDomain, namespace, serviceAccount),
        by: `kubernetes:${namespace}/${pod ?? serviceAccount}`,
        notAfter: token.expires * 1_000,
        // As often as it is good: the kubelet replaces it, and a pod that restarts has the same one.
        spend: async () => true,
      };
    },
  };
}

function claimsFault(token: ParsedJwt, options: KubernetesTokenOptions): string | null {
  const now = Math.floor(options.clock.wallNow() / 1_000);
  if (!ALGORITHMS.test(token.alg)) return `the token is signed with ${token.alg}, which no cluster does`;
  if (token.issuer !== options.issuer)
    return `the token's issuer is "${token.issuer.slice(0, 200)}", expected "${options.issuer}"`;
  if (!token.audiences.some((one) => options.audiences.includes(one)))
    return `the token is not for us: expected the audience ${options.audiences.join(' or ')} (set it in the projected volume)`;
  // Old tokens from Secrets live for ever; they are no proof of anything that runs now.
  if (token.expires === 0) return 'the token has no end; use a projected service-account token';
  if (token.expires + SKEW_S <= now) return 'the token has expired';
  if (token.notBefore - SKEW_S > now) return 'the token is not valid yet; check the clocks';
  return null;
}

interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string | undefined;
}

function accountOf({ claims }: ParsedJwt): Account | string {
  const bound = record(claims['kubernetes.io']);
  const serviceAccount = record(bound?.serviceaccount)?.name;
  const namespace = bound?.namespace;
  if (!isLabel(namespace) || !isSubdomain(serviceAccount))
    return 'the token has no kubernetes.io claim with namespace and serviceaccount';
  if (claims.sub !== `system:serviceaccount:${namespace}:${serviceAccount}`)
    return 'the subject of the token is not the service account that it names';
  if (namespace === SYSTEM_NAMESPACE) return `nobody can have an identity in ${SYSTEM_NAMESPACE}`;
  const pod = record(bound?.pod)?.name;
  return { namespace, serviceAccount, pod: isSubdomain(pod) ? pod : undefined };
}

/** A file is read with each token: whoever replaces it need not restart anything. */
async function keysOf({ keys, issuer }: KubernetesTokenOptions): Promise<TokenKeys> {
  if (keys.from === 'uri') return { from: 'uri', uri: keys.uri, timeoutMs: FETCH_MS };
  if (keys.from === 'issuer') return { from: 'issuer', issuer, timeoutMs: FETCH_MS };
  const { size } = await stat(keys.path);
  if (size > MAX_JWKS_LENGTH) throw new Error(`${keys.path} is longer than ${MAX_JWKS_LENGTH} bytes`);
  return { from: 'inline', jwks: await readFile(keys.path, 'utf8') };
}

async function signatureFault(
  sets: KeySets,
  keys: TokenKeys,
  token: ParsedJwt & { readonly text: string },
): Promise<string | null> {
  const set = await sets.get(keys);
  if (set === null) return "the cluster's keys cannot be had now";
  let fault = await set.verify(token);
  // The cluster may have changed its keys since.
  if (fault !== null && fault !== 'signature') {
    const newer = await sets.getNewer(keys, set);
    if (newer !== null) fault = await newer.verify(token);
  }
  return fault === null ? null : `the token was not signed by a key of the cluster (${fault})`;
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
