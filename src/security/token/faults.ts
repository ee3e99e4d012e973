/**
 * What can be wrong with a token, in the words that Envoy answers with: a closed list. Dashboards and clients know these texts.
 * @source google/jwt_verify_lib `src/status.cc`
 */
export const TOKEN_FAULTS = {
  missing: 'Jwt is missing',
  format: 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  headerBase64: 'Jwt header is an invalid Base64url encoded',
  headerJson: 'Jwt header is an invalid JSON',
  headerAlg: 'Jwt header [alg] field is required and must be a string',
  algorithm: 'Jwt header [alg] is not supported',
  headerKid: 'Jwt header [kid] field is not a string',
  payloadBase64: 'Jwt payload is an invalid Base64url encoded',
  payloadJson: 'Jwt payload is an invalid JSON',
  iss: 'Jwt payload [iss] field is not a string',
  sub: 'Jwt payload [sub] field is not a string',
  iat: 'Jwt payload [iat] field is not an integer',
  iatRange: 'Jwt payload [iat] field is not a positive 64 bit integer',
  nbf: 'Jwt payload [nbf] field is not an integer',
  nbfRange: 'Jwt payload [nbf] field is not a positive 64 bit integer',
  exp: 'Jwt payload [exp] field is not an integer',
  expRange: 'Jwt payload [exp] field is not a positive 64 bit integer',
  jti: 'Jwt payload [jti] field is not a string',
  aud: 'Jwt payload [aud] field is not a string or string list',
  signatureBase64: 'Jwt signature is an invalid Base64url encoded',
  issuer: 'Jwt issuer is not configured',
  notYet: 'Jwt not yet valid',
  expired: 'Jwt is expired',
  audience: 'Audiences in Jwt are not allowed',
  signature: 'Jwt verification fails',
  noKey: "Jwks doesn't have key to match kid or alg from Jwt",
  noKeys: "Jwks doesn't have any valid public key",
  fetch: 'Jwks remote fetch is failed',
  many: 'Found multiple Jwt tokens',
} as const;

export type TokenFault = keyof typeof TOKEN_FAULTS;

/** For the access log. @source Envoy `jwt_authn/filter.cc` */
export function faultDetails(fault: TokenFault): string {
  return `jwt_authn_access_denied{${TOKEN_FAULTS[fault].replaceAll(' ', '_')}}`;
}
