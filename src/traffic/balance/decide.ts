/** What of a request decides where consistent hashing sends it. Pure. */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import { hashText } from './hash.js';
import type { HashPolicy } from './policy.js';

export interface HashFacts {
  readonly headers: HeaderFields;
  /** Path and query. */
  readonly path: string;
  /** Address of whoever the call is made for, without port; null when nobody is being served. */
  readonly sourceIp: string | null;
}

/**
 * Hash of the attribute that the policy names, unsigned 32 bit; undefined if the request has none, which leaves the choice of
 * the endpoint to chance, as in Envoy.
 * @example hashOf({ from: 'header', name: 'x-user' }, { headers: {}, path: '/', sourceIp: null }); // => undefined
 */
export function hashOf(policy: HashPolicy, facts: HashFacts): number | undefined {
  const value = attributeOf(policy, facts);
  return value === undefined || value === '' ? undefined : hashText(value);
}

function attributeOf(policy: HashPolicy, facts: HashFacts): string | undefined {
  switch (policy.from) {
    case 'header':
      return headerValue(facts.headers, policy.name.toLowerCase());
    case 'cookie':
      return cookieValue(facts.headers, policy.name);
    case 'source-ip':
      return facts.sourceIp ?? undefined;
    case 'query':
      return queryValue(facts.path, policy.name);
  }
}

/** The first cookie of that name. Several `cookie` fields count as one (RFC 9113 §8.2.3). */
function cookieValue(headers: HeaderFields, name: string): string | undefined {
  const field = headers.cookie;
  if (field === undefined) return undefined;
  const cookies = typeof field === 'string' ? field : field.join(';');
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return undefined;
}

/** The first parameter of that name, as it is written: hashing needs no decoding. */
function queryValue(path: string, name: string): string | undefined {
  const query = path.indexOf('?');
  if (query < 0) return undefined;
  for (const pair of path.slice(query + 1).split('&')) {
    const equals = pair.indexOf('=');
    if ((equals < 0 ? pair : pair.slice(0, equals)) === name) return equals < 0 ? '' : pair.slice(equals + 1);
  }
  return undefined;
}
