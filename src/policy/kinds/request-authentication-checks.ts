/**
 * RequestAuthentication: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateRequestAuthentication, and the limits of its CRD; spec validation.md §7
 */
import { parseUrl } from '../../base/url.js';
import { readJwks } from '../../security/token/jwks-text.js';
import type { JwtRuleSpec, RequestAuthenticationSpec } from '../../security/token/policy.js';
import { checkDuration, checkSelectorLabels } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { checkTargetReferences } from './target-reference.js';

const MOST_RULES = 4_096;
const MOST_SPACE_DELIMITED = 64;
const LONGEST_URI = 2_048;

export function checkRequestAuthentication(spec: RequestAuthenticationSpec, findings: Findings): void {
  checkSelectorLabels(spec.selector?.matchLabels, ['spec', 'selector', 'matchLabels'], findings);
  if (spec.selector !== undefined && Object.keys(spec.selector.matchLabels ?? {}).length === 0)
    findings.warning(['spec', 'selector'], 'no labels: this applies to the whole namespace; leave it out');
  checkTargetReferences(spec, findings);
  const rules = spec.jwtRules ?? [];
  if (rules.length > MOST_RULES)
    findings.error(['spec', 'jwtRules'], `${rules.length} rules: expected ${MOST_RULES} at most`);
  for (const [index, rule] of rules.entries()) checkRule(rule, ['spec', 'jwtRules', index], findings);
}

function checkRule(rule: JwtRuleSpec, path: FieldPath, findings: Findings): void {
  checkKeys(rule, path, findings);
  checkNotEmpty(rule.audiences, [...path, 'audiences'], findings);
  for (const [index, { name }] of (rule.fromHeaders ?? []).entries())
    if (name === '') findings.error([...path, 'fromHeaders', index, 'name'], 'a header has a name');
  checkNotEmpty(rule.fromParams, [...path, 'fromParams'], findings);
  checkNotEmpty(rule.fromCookies, [...path, 'fromCookies'], findings);
  checkOutputs(rule, path, findings);
  checkDuration(rule.timeout, [...path, 'timeout'], findings);
  checkNotEmpty(rule.spaceDelimitedClaims, [...path, 'spaceDelimitedClaims'], findings);
  const lists = rule.spaceDelimitedClaims?.length ?? 0;
  if (lists > MOST_SPACE_DELIMITED)
    findings.error(
      [...path, 'spaceDelimitedClaims'],
      `${lists} claims: expected ${MOST_SPACE_DELIMITED} at most`,
    );
}

function checkNotEmpty(values: readonly string[] | undefined, path: FieldPath, findings: Findings): void {
  for (const [index, value] of (values ?? []).entries())
    if (value === '') findings.error([...path, index], 'an empty value is none; take it out, or write one');
}

function checkKeys(rule: JwtRuleSpec, path: FieldPath, findings: Findings): void {
  const uris = (['jwksUri', 'jwks_uri'] as const).filter((name) => (rule[name] ?? '') !== '');
  if ((rule.issuer ?? '') === '' && uris.length === 0)
    findings.error(path, "name an 'issuer', or a 'jwksUri' whose keys sign tokens of any issuer");
  const sources = [...uris, ...((rule.jwks ?? '') === '' ? [] : ['jwks'])];
  if (sources.length > 1) findings.error(path, `only one of ${sources.join(', ')} can be set`);
  for (const name of uris) {
    const wrong = uriFault(rule[name]!);
    if (wrong !== null) findings.error([...path, name], `'${rule[name]}' ${wrong}`);
  }
  if (sources.length === 0 && (rule.issuer ?? '') !== '') checkDiscovery(rule.issuer!, path, findings);
  if ((rule.jwks ?? '') === '') return;
  const keys = readJwks(rule.jwks!, true);
  if (typeof keys === 'string') {
    findings.error([...path, 'jwks'], `not a JSON Web Key Set: ${keys}`);
    return;
  }
  for (const [index, { secret }] of keys.entries())
    if (secret)
      findings.warning(
        [...path, 'jwks'],
        `key ${index} could sign tokens, and everyone who reads this policy has it; write the public key only`,
      );
}

function uriFault(uri: string): string | null {
  if (uri.length > LONGEST_URI) return `is longer than ${LONGEST_URI} characters`;
  const url = parseUrl(uri);
  if (url === null) return 'is not a URL';
  const { protocol } = url;
  return protocol === 'https:' || protocol === 'http:' ? null : 'is not a URL of http or https';
}

/** Istio takes such a rule, and then refuses every token. So does Heddle; it says so. */
function checkDiscovery(issuer: string, path: FieldPath, findings: Findings): void {
  if (uriFault(issuer) === null) return;
  findings.info(
    [...path, 'issuer'],
    `'${issuer}' is no URL where keys could be asked for, so every token is refused; name a 'jwksUri' or 'jwks'`,
  );
}

/** Fields that say how a message is read, or whose it is: nothing in a token may. */
const RESERVED =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|x-forwarded-client-cert|x-request-id)$/i;

function checkOutputs(rule: JwtRuleSpec, path: FieldPath, findings: Findings): void {
  const payload = rule.outputPayloadToHeader ?? '';
  if (payload !== '') checkReserved(payload, [...path, 'outputPayloadToHeader'], findings);
  for (const [index, { header, claim }] of (rule.outputClaimToHeaders ?? []).entries()) {
    const at = [...path, 'outputClaimToHeaders', index];
    if (claim === '') findings.error([...at, 'claim'], 'the claim has no name');
    if (!/^[-_A-Za-z0-9]+$/.test(header))
      findings.error([...at, 'header'], `'${header}' is not a header's name (letters, digits, - and _)`);
    else checkReserved(header, [...at, 'header'], findings);
  }
}

function checkReserved(name: string, path: FieldPath, findings: Findings): void {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || RESERVED.test(name))
    findings.unsupported(path, `'${name}' cannot be written from a token: pick a header of your own, x-…`);
}
