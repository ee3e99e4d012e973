import { type Notes, partly, yes } from '../note.js';

const LISTENER = partly('checked; there is no gateway process yet that listens on it');

export const gatewayNotes: Notes = {
  selector: partly('checked; there is no gateway process yet to select'),
  'servers[]': LISTENER,
  'servers[].hosts': yes(
    'which hosts VirtualServices may have here: for `analyze`, and for `explain` with the caller as gateway',
  ),
  'servers[].port': yes('each server has one; `analyze` finds those that conflict'),
  'servers[].port.targetPort': partly('an error, as in Istio'),
  'servers[].name': yes('a label for people'),
  'servers[].bind': LISTENER,
  'servers[].defaultEndpoint': LISTENER,
  'servers[].tls': LISTENER,
  'servers[].tls.httpsRedirect': partly(
    '`explain` with the caller as gateway sends calls over HTTP to HTTPS; nothing listens yet',
  ),
};
