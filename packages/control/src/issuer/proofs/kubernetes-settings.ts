/** What an operator says of the Kubernetes cluster whose service accounts may join. */
import { MeshError } from 'heddle/ports';
import { httpsText, readSmallFile } from '../../https-text.js';
import type { KubernetesTokenOptions } from './kubernetes-token.js';

export interface KubernetesSettings {
  /** The cluster's issuer, as its API server has it in `--service-account-issuer`: `https://kubernetes.default.svc.cluster.local`. */
  readonly issuer: string;
  /** That a token must be meant for, one of them. @default ['heddle'] */
  readonly audiences?: readonly string[];
  /**
   * The cluster's public keys: a file of `kubectl get --raw /openid/v1/jwks`, or an https URL. @default what the issuer's own
   * `/.well-known/openid-configuration` names
   */
  readonly jwks?: string;
  /** File with the roots (PEM) of the server that the keys are fetched from. @default the platform's */
  readonly caFile?: string;
  /** File with a token to show to that server: API servers do not tell everybody their keys. @default none is shown */
  readonly tokenFile?: string;
}

/**
 * What the proof needs, checked.
 * @throws MeshError `HEDDLE_INVALID_SETTING` naming the option
 */
export function kubernetesOptions(
  settings: KubernetesSettings,
): Pick<KubernetesTokenOptions, 'issuer' | 'audiences' | 'keys' | 'fetch'> {
  const { issuer, audiences = ['heddle'], jwks, caFile, tokenFile } = settings;
  if (issuer === '') throw invalid('issuer', 'is empty');
  if (audiences.length === 0 || audiences.includes(''))
    throw invalid('audiences', 'must name at least one, and no empty one: any token would be good');
  if (jwks === undefined && !isHttps(issuer))
    throw invalid('issuer', `(${issuer}) is not an https URL; name the cluster's keys in kubernetes.jwks`);
  if (jwks !== undefined && /^http:/i.test(jwks)) throw invalid('jwks', 'is not a file or an https URL');
  return {
    issuer,
    audiences,
    keys:
      jwks === undefined
        ? { from: 'issuer' }
        : isHttps(jwks)
          ? { from: 'uri', uri: jwks }
          : { from: 'file', path: jwks },
    fetch: (url, { maxLength, signal }) =>
      httpsText(url, {
        maxLength,
        signal,
        ...(caFile === undefined ? {} : { ca: [readSmallFile(caFile)] }),
        ...(tokenFile === undefined ? {} : { bearer: readSmallFile(tokenFile).trim() }),
      }),
  };
}

function isHttps(text: string): boolean {
  return /^https:\/\//i.test(text);
}

function invalid(option: string, because: string): MeshError {
  return new MeshError(`kubernetes.${option} ${because}`, { code: 'HEDDLE_INVALID_SETTING' });
}
