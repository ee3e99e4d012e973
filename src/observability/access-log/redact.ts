/**
 * What must not reach a log: credentials in queries, and characters that would forge a line.
 * @source OpenTelemetry semantic conventions, `url.query`; RFC 6750 §2.3 (access_token)
 */

/** Names of query parameters whose values are credentials; compared in lower case. */
const CREDENTIALS = new Set([
  'awsaccesskeyid',
  'signature',
  'sig',
  'x-goog-signature',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'access_token',
  'id_token',
  'refresh_token',
  'token',
  'api_key',
  'apikey',
  'client_secret',
  'secret',
  'password',
]);

/** @example redactPath('/a?sig=1&b=2'); // => '/a?sig=REDACTED&b=2' */
export function redactPath(path: string): string {
  const query = path.indexOf('?');
  if (query < 0) return path;
  const parameters = path.slice(query + 1).split('&');
  let changed = false;
  for (const [index, parameter] of parameters.entries()) {
    const equals = parameter.indexOf('=');
    if (equals <= 0 || !CREDENTIALS.has(decoded(parameter.slice(0, equals)).toLowerCase())) continue;
    parameters[index] = `${parameter.slice(0, equals)}=REDACTED`;
    changed = true;
  }
  return changed ? `${path.slice(0, query)}?${parameters.join('&')}` : path;
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Without control characters: one exchange is one line, whatever it sent. */
export function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, '');
}
