/**
 * The part of `explain inbound` that is about tokens. Claims that are given are those of a token taken as verified: what they say of
 * issuer and audience is compared with the rules, what they leave out is taken as right. A token in the request without claims given
 * counts as not good, since nobody here can look at its signature.
 */
import type { HeaderFields } from '../base/headers.js';
import {
  acceptTokens,
  type CompiledTokens,
  changeFields,
  claimsFault,
  compileTokens,
  examineTokens,
  isPreflight,
  listedClaims,
  type ParsedToken,
  rejectTokens,
  type TokenRequest,
  type TokensRejected,
} from '../security/token/decide.js';
import { type EffectiveTokenRule, SPACE_DELIMITED } from '../security/token/policy.js';

export type Claims = Readonly<Record<string, unknown>>;

export interface ExplainedTokens {
  /** null: the request goes on. */
  readonly rejected: Pick<TokensRejected, 'status' | 'policy' | 'body'> | null;
  /** As rules compare them. */
  readonly claims: Claims | null;
  /** As rules see them. */
  readonly headers: HeaderFields;
}

/** Nobody asks for the time here: a token's is not looked at. */
const NO_TIME = Number.NaN;

export function explainTokens(
  rules: readonly EffectiveTokenRule[] | undefined,
  request: TokenRequest,
  claims: Claims | null,
  steps: string[],
): ExplainedTokens {
  const { headers } = request;
  const compiled = compileTokens(rules);
  if (compiled === null) {
    if (claims !== null)
      steps.push(
        'no RequestAuthentication selects the workload: no token is looked at; the claims are taken as told',
      );
    return { rejected: null, claims: claims && listedClaims(claims, SPACE_DELIMITED), headers };
  }
  for (const rule of compiled.rules) steps.push(describe(rule));
  if (isPreflight(request)) {
    steps.push('a CORS preflight: no token is looked at');
    return { rejected: null, ...changed(compiled, [], request) };
  }
  if (claims !== null) return accept(compiled, { request, claims, steps });
  const examined = examineTokens(compiled, request, NO_TIME);
  const reject = (said: TokensRejected, because: string): ExplainedTokens => {
    steps.push(because);
    return { rejected: said, claims: null, headers };
  };
  if (examined.kind === 'reject') {
    const said = rejectTokens(examined.fault, examined.policy, request);
    return reject(
      said,
      `${examined.fault === 'missing' ? 'a token is required' : 'the token is not good'}: ${said.body}`,
    );
  }
  const [candidate] = examined.candidates;
  if (candidate !== undefined) {
    const said = rejectTokens('signature', candidate.rules[0]!.policy, request);
    const place = `${candidate.at.in} ${candidate.at.name}`;
    return reject(
      said,
      `there is a token in ${place}, and no signature is verified here, so it counts as not good; give its 'claims' to take it as verified`,
    );
  }
  steps.push('there is no token: the request goes on as nobody');
  return { rejected: null, ...changed(compiled, [], request) };
}

function accept(
  compiled: CompiledTokens,
  { request, claims, steps }: { request: TokenRequest; claims: Claims; steps: string[] },
): ExplainedTokens {
  const token = tokenOf(claims);
  const faults = compiled.rules.map((rule) => ({ rule, fault: toldFault(rule, token, claims) }));
  const fitting = faults.find(({ fault }) => fault === null);
  if (fitting === undefined) {
    const nearest = faults.find(({ fault }) => fault !== 'issuer');
    const said = rejectTokens(nearest?.fault ?? 'issuer', nearest?.rule.policy ?? null, request);
    steps.push(`no rule takes a token with these claims: ${said.body}`);
    return { rejected: said, claims: null, headers: request.headers };
  }
  const { rule } = fitting;
  const at = rule.locations[0]!;
  const { principal, ...end } = changed(compiled, [{ token, at, rule }], request);
  steps.push(
    `the token is taken as verified by a rule of ${rule.policy}; the caller is ${principal ?? 'nobody: it has no iss or no sub'}`,
  );
  return { rejected: null, ...end };
}

function changed(
  compiled: CompiledTokens,
  accepted: Parameters<typeof acceptTokens>[1],
  request: TokenRequest,
) {
  const end = acceptTokens(compiled, accepted, request);
  const headers: HeaderFields = Object.assign(Object.create(null) as HeaderFields, request.headers);
  changeFields(headers, end);
  return { headers, claims: end.compared, principal: end.principal };
}

/** What the claims leave out is right. */
function toldFault(rule: EffectiveTokenRule, token: ParsedToken, claims: Claims) {
  const issuer = typeof claims.iss === 'string' ? claims.iss : (rule.issuer ?? '');
  const audiences = claims.aud === undefined ? rule.audiences : token.audiences;
  return claimsFault(rule, { ...token, issuer, audiences }, NO_TIME);
}

function tokenOf(claims: Claims): ParsedToken {
  const { iss, aud } = claims;
  const list = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud : [];
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const payload = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  return {
    alg: '',
    kid: '',
    issuer: typeof iss === 'string' ? iss : '',
    audiences: list.filter((one) => typeof one === 'string'),
    notBefore: 0,
    expires: 0,
    claims,
    payload,
  };
}

function describe({ policy, issuer, audiences, locations, required }: EffectiveTokenRule): string {
  const places = locations.map((at) => {
    const prefix = at.in === 'header' && at.prefix !== '' ? ` (after '${at.prefix}')` : '';
    return `${at.in === 'param' ? 'parameter' : at.in} ${at.name}${prefix}`;
  });
  const of = issuer === null ? 'any issuer' : issuer;
  const audience = audiences.length === 0 ? '' : ` for ${audiences.join(' or ')}`;
  return `RequestAuthentication ${policy} ${required ? 'requires a token' : 'takes tokens'} of ${of}${audience} in ${places.join(', ')}`;
}
