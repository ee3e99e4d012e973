import type { AttemptFilter } from '../model/filter.js';
import type { Rejected } from '../model/outcome.js';

const UNKNOWN_PEER: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_PEER_UNTRUSTED',
  flag: 'UF',
  status: 503,
  because: 'peer-unknown',
  detail: 'the endpoint registered no identity that it could prove',
};

const PLAIN_TEXT: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_PEER_UNTRUSTED',
  flag: 'UF',
  status: 503,
  because: 'plain-text',
  detail: 'https was asked for, but policy says plain text for this destination',
};

/**
 * Refuses before anything is sent what could not be trusted afterwards: a mesh peer of whom no identity is known, and plain text
 * where the caller asked for https. Closed unless opened.
 */
export const identityFilter: AttemptFilter = {
  name: 'identity',
  admit(attempt) {
    const { tls } = attempt.endpoint.destination;
    if (tls === null) return attempt.call.scheme === 'https' ? PLAIN_TEXT : null;
    return tls.mode === 'mesh' && tls.subjectAltNames.length === 0 ? UNKNOWN_PEER : null;
  },
};
