/** MeshConfig: what is right and what is wrong. */
import { table } from './table.test.helper.js';

const providers = (list: string) => `{ extensionProviders: [${list}] }`;
const provider = (more = '', service = 'opa.example', port = '8181') =>
  providers(
    `{ name: opa, envoyExtAuthzHttp: { service: ${service}, port: ${port}${more === '' ? '' : `, ${more}`} } }`,
  );

table('MeshConfig', [
  ['valid', 'nothing', '{}'],
  ['valid', 'a provider', provider()],
  ['valid', 'a service in a namespace', provider('', 'istio-system/opa.example')],
  ['valid', 'an address', provider('', '10.0.0.1')],
  ['invalid', 'a short name', provider('', 'opa')],
  ['invalid', 'a wildcard', provider('', '"*.example"')],
  ['invalid', 'no service', providers('{ name: opa, envoyExtAuthzHttp: { port: 1 } }')],
  ['invalid', 'two slashes', provider('', 'a/b/c.example')],
  ['invalid', 'no port', provider('', 'opa.example', '0')],
  ['invalid', 'a port that is too large', provider('', 'opa.example', '65536')],
  ['invalid', 'a provider without a name', providers('{ envoyExtAuthzHttp: { service: a.b, port: 1 } }')],
  [
    'invalid',
    'a name with capitals',
    providers('{ name: Opa, envoyExtAuthzHttp: { service: a.b, port: 1 } }'),
  ],
  ['invalid', 'a provider of nothing', providers('{ name: opa }')],
  ['invalid', 'a provider that nobody knows', providers('{ name: opa, zipkin: {} }')],
  ['not done yet', 'the gRPC form', providers('{ name: opa, envoyExtAuthzGrpc: { service: a.b, port: 1 } }')],
  [
    'invalid',
    'two of one name',
    providers(
      '{ name: a, envoyExtAuthzHttp: { service: a.b, port: 1 } }, { name: a, envoyExtAuthzHttp: { service: a.b, port: 1 } }',
    ),
  ],
  ['valid', 'a timeout', provider('timeout: 500ms')],
  ['invalid', 'no time', provider('timeout: 0s')],
  ['valid', 'a prefix', provider('pathPrefix: /check')],
  ['invalid', 'a prefix without a slash', provider('pathPrefix: check')],
  ['invalid', 'a prefix with a query', provider('pathPrefix: "/a?b"')],
  ['valid', 'a status', provider('statusOnError: "503"')],
  ['invalid', 'a status as a number', provider('statusOnError: 503')],
  ['invalid', 'a status that is none', provider('statusOnError: "99"')],
  [
    'valid',
    'names, beginnings and ends of headers',
    provider('headersToUpstreamOnAllow: [x-a, "x-*", "*-b"]'),
  ],
  ['invalid', 'every header', provider('includeRequestHeadersInCheck: ["*"]')],
  ['invalid', 'a header that is none', provider('headersToDownstreamOnDeny: ["a b"]')],
  ['valid', 'more headers', provider('includeAdditionalHeadersInCheck: { x-a: b }')],
  ['invalid', 'a header with a line in it', provider('includeAdditionalHeadersInCheck: { x-a: "b\\nc" }')],
  [
    'valid',
    'a body',
    provider('includeRequestBodyInCheck: { maxRequestBytes: 8192, allowPartialMessage: true }'),
  ],
  ['invalid', 'a body of no size', provider('includeRequestBodyInCheck: {}')],
  [
    'not done yet',
    'a body of any size',
    provider('includeRequestBodyInCheck: { maxRequestBytes: 4000000000 }'),
  ],
]);
