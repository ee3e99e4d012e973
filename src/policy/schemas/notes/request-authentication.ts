import { type Notes, partly, yes } from '../note.js';
import { targetNotes } from './target.js';

export const requestAuthenticationNotes: Notes = {
  selector: yes('of workloads in its own namespace; of all in `istio-system`'),
  'selector.matchLabels': yes('all of them on the workload'),
  ...targetNotes,
  'jwtRules[]': yes(
    'a request with a token that none of them takes is refused with 401; one without a token is not',
  ),
  'jwtRules[].issuer': yes(
    'the claim `iss`; without `jwksUri` and `jwks` its keys are asked for by OpenID discovery',
  ),
  'jwtRules[].audiences': yes('the claim `aud` holds one of them'),
  'jwtRules[].jwksUri': yes('where the keys are; kept and renewed by each process'),
  'jwtRules[].jwks_uri': yes('the same, in an old spelling'),
  'jwtRules[].jwks': yes('the keys themselves'),
  'jwtRules[].fromHeaders[]': yes(
    'where the token stands; left out: `Authorization: Bearer`, and the parameter `access_token`',
  ),
  'jwtRules[].fromHeaders[].name': yes('of the header'),
  'jwtRules[].fromHeaders[].prefix': yes('before the token, with its space'),
  'jwtRules[].fromParams': yes('query parameters'),
  'jwtRules[].fromCookies': yes('cookies'),
  'jwtRules[].outputPayloadToHeader': partly(
    'the payload in base64url, for the program; names that belong to HTTP itself are refused',
  ),
  'jwtRules[].outputClaimToHeaders[]': partly(
    'single claims, for the program; names that belong to HTTP itself are refused',
  ),
  'jwtRules[].outputClaimToHeaders[].header': partly('of the header'),
  'jwtRules[].outputClaimToHeaders[].claim': yes('its name; `a.b` is within `a`'),
  'jwtRules[].forwardOriginalToken': yes('whether the program sees the token', { default: false }),
  'jwtRules[].timeout': yes('for asking for keys', { default: '5s' }),
  'jwtRules[].spaceDelimitedClaims': yes(
    'claims that are lists in one text, beside `scope` and `permission`',
  ),
  'jwtRules[].presence': yes('REQUIRED: a request without a token is refused, too', { default: 'OPTIONAL' }),
};
