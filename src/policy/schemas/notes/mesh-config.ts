import { type Notes, no, yes } from '../note.js';

const headers = 'names, `prefix*` or `*suffix`; capitals do not count';

export const meshConfigNotes: Notes = {
  'extensionProviders[]': yes(
    'whom AuthorizationPolicies of action CUSTOM ask; read in the namespace `istio-system` only. In Istio the same list stands in the mesh configuration of the installation',
  ),
  'extensionProviders[].name': yes('a DNS label, once in the mesh'),
  'extensionProviders[].envoyExtAuthzHttp': yes("an external authorizer that speaks Envoy's HTTP form"),
  'extensionProviders[].envoyExtAuthzHttp.service': yes(
    'full name of a host that policy knows, maybe after `namespace/`; it is called as any other, so that mTLS, limits and retries are those of its policies',
  ),
  'extensionProviders[].envoyExtAuthzHttp.port': yes('the service port'),
  'extensionProviders[].envoyExtAuthzHttp.timeout': yes('for the whole check', { default: '600s' }),
  'extensionProviders[].envoyExtAuthzHttp.pathPrefix': yes('stands before the path of the request'),
  'extensionProviders[].envoyExtAuthzHttp.failOpen': yes(
    'whether a request is let in where no answer, or one of 5xx, was had',
    { default: false },
  ),
  'extensionProviders[].envoyExtAuthzHttp.statusOnError': yes(
    'what such a request is answered with otherwise',
    {
      default: '403',
    },
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeHeadersInCheck': yes(
    'the older name of `includeRequestHeadersInCheck`, which wins',
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeRequestHeadersInCheck': yes(
    `headers of the request that are sent, beside \`authorization\` and \`host\`: ${headers}`,
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeAdditionalHeadersInCheck': yes(
    'headers that every check has, whatever the request says',
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck': yes(
    'the body is read before the check, and is there for the handler all the same',
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck.maxRequestBytes': yes(
    'how much of it is sent; a longer one is answered with 413; 16 MiB at most',
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck.allowPartialMessage': yes(
    'the beginning of a longer one is sent, marked with `x-envoy-auth-partial-body: true`',
    { default: false },
  ),
  'extensionProviders[].envoyExtAuthzHttp.includeRequestBodyInCheck.packAsBytes': yes(
    'of the gRPC form; here bodies go as they are',
  ),
  'extensionProviders[].envoyExtAuthzHttp.headersToUpstreamOnAllow': yes(
    `headers of a 200 that the handler sees, in place of those the caller sent: ${headers}`,
  ),
  'extensionProviders[].envoyExtAuthzHttp.headersToDownstreamOnDeny': yes(
    `headers of any other answer that the caller sees, beside \`www-authenticate\` and \`location\`: ${headers}; left out: all`,
  ),
  'extensionProviders[].envoyExtAuthzHttp.headersToDownstreamOnAllow': yes(
    `headers of a 200 that the answer of the handler gets: ${headers}`,
  ),
  'extensionProviders[].envoyExtAuthzGrpc': no('most authorizers speak HTTP, too: use `envoyExtAuthzHttp`'),
};
