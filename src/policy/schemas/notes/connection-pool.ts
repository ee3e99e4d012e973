import { type Notes, partly, yes } from '../note.js';

const HTTP2 = 'where calls are HTTP/2: a port of protocol HTTP2 or GRPC, or `h2UpgradePolicy`';
const SYSTEM = partly("told as HDL0006, without effect: the operating system's own value holds");

/** On the way out. @param path of the block */
export function connectionPoolNotes(path: string): Notes {
  const notes: Notes = {
    tcp: yes('of connections'),
    http: yes('of calls'),
    'tcp.tcpKeepalive': yes('probes of silent connections'),
    'tcp.maxConnections': yes(
      'in each process, to all endpoints together; one for each endpoint in any case, but for `mesh.connect`',
    ),
    'tcp.connectTimeout': yes('TCP and TLS together', { default: '10s' }),
    'tcp.tcpKeepalive.time': yes('of silence before the first probe', { default: '60s' }),
    'tcp.tcpKeepalive.probes': SYSTEM,
    'tcp.tcpKeepalive.interval': SYSTEM,
    'tcp.maxConnectionDuration': yes(
      'then it takes no further request; a connection of `mesh.connect` is closed',
    ),
    'tcp.idleTimeout': yes(
      'without a byte either way; for calls where `http.idleTimeout` is absent; 0s is never',
      { default: '1h' },
    ),
    'http.http1MaxPendingRequests': yes('that wait for a connection, in each process'),
    'http.http2MaxRequests': yes('active at once in each process, HTTP/1.1 too'),
    'http.maxRequestsPerConnection': yes('then the connection is replaced'),
    'http.maxRetries': yes('outstanding at once; a retry budget replaces it'),
    'http.idleTimeout': yes('less where the server says so', { default: '1h' }),
    'http.h2UpgradePolicy': yes(
      'UPGRADE: calls are HTTP/2. Under TLS the peer chooses, and HTTP/1.1 goes on; in plain text it has to speak HTTP/2',
    ),
    'http.useClientProtocol': partly(
      'told as HDL0006, without effect: a call has no protocol of its own before it is sent',
    ),
    'http.maxConcurrentStreams': yes(`on each connection, ${HTTP2}`, { default: 'what the peer allows' }),
    'http.http2KeepAlive': yes(`pings, ${HTTP2}`),
    'http.http2KeepAlive.interval': yes('from the answer to the next ping'),
    'http.http2KeepAlive.timeout': yes('without an answer the connection is closed'),
  };
  return Object.fromEntries(Object.entries(notes).map(([field, note]) => [`${path}.${field}`, note]));
}
