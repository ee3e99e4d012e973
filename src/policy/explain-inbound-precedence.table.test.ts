/**
 * The situations of Istio's own tests of PeerAuthentication and AuthorizationPolicy: which policy holds.
 * @source Istio `pilot/pkg/security/authn/policy_applier_test.go`, `pilot/pkg/model/{authentication,authorization}_test.go`,
 *   `pilot/pkg/security/authz/builder/testdata`
 */
import { allowed, authorize, denied, from, policy, row } from './explain-inbound.test.helper.js';

const peer = (name: string, spec: string, namespace?: string) =>
  policy('PeerAuthentication', name, spec, namespace);
const mode = (name: string, what: string, namespace?: string) =>
  peer(name, `{ mtls: { mode: ${what} } }`, namespace);
const workload = (name: string, what: string, ports = '', app = 'httpbin') =>
  peer(name, `{ selector: { matchLabels: { app: ${app} } }, mtls: { mode: ${what} }${ports} }`);
const PLAIN = from(null);

const modes: [what: string, policies: string, plainText: boolean][] = [
  ['nothing is said', '', true],
  ['the mesh is strict', mode('default', 'STRICT', 'istio-system'), false],
  [
    'the mesh is strict, the namespace is not',
    mode('default', 'STRICT', 'istio-system') + mode('default', 'PERMISSIVE'),
    true,
  ],
  [
    'the mesh is strict, the namespace leaves it unset',
    mode('default', 'STRICT', 'istio-system') + mode('default', 'UNSET'),
    false,
  ],
  [
    'the mesh is strict, the namespace says nothing of TLS',
    mode('default', 'STRICT', 'istio-system') + peer('default', '{}'),
    false,
  ],
  ['the namespace is strict', mode('default', 'STRICT'), false],
  ['another namespace is strict', mode('default', 'STRICT', 'bar'), true],
  [
    'the namespace is strict, the workload is not',
    mode('default', 'STRICT') + workload('w', 'DISABLE'),
    true,
  ],
  [
    'the namespace is strict, another workload is not',
    mode('default', 'STRICT') + workload('w', 'DISABLE', '', 'other'),
    false,
  ],
  ['the workload leaves it unset', mode('default', 'STRICT') + workload('w', 'UNSET'), false],
  [
    'the workload is strict, its port is not',
    workload('w', 'STRICT', ', portLevelMtls: { 8000: { mode: DISABLE } }'),
    true,
  ],
  [
    'the workload is strict, another port is not',
    workload('w', 'STRICT', ', portLevelMtls: { 8001: { mode: DISABLE } }'),
    false,
  ],
  [
    'the workload is strict, its port leaves it unset',
    workload('w', 'STRICT', ', portLevelMtls: { 8000: { mode: UNSET } }'),
    false,
  ],
  ['the port alone is strict', workload('w', 'UNSET', ', portLevelMtls: { 8000: { mode: STRICT } }'), false],
  [
    'the port leaves unset what the namespace says',
    mode('default', 'STRICT') + workload('w', 'UNSET', ', portLevelMtls: { 8000: { mode: UNSET } }'),
    false,
  ],
  [
    'a selector in the root namespace reaches nobody',
    peer('w', '{ selector: { matchLabels: { app: httpbin } }, mtls: { mode: STRICT } }', 'istio-system'),
    true,
  ],
  ['a selector without labels is none', peer('n', '{ selector: {}, mtls: { mode: STRICT } }'), false],
  ['of two for the namespace the first by name holds', mode('a', 'PERMISSIVE') + mode('b', 'STRICT'), true],
  [
    'of two for the workload the first by name holds',
    workload('b', 'PERMISSIVE') + workload('a', 'STRICT'),
    false,
  ],
];
for (const [what, policies, plainText] of modes)
  row(`plain text, where ${what}`, policies, PLAIN, plainText ? allowed(null) : denied(null));
row(
  'of two for the namespace the older one holds',
  `---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: a, namespace: foo, creationTimestamp: "2024-02-01T00:00:00Z" }\nspec: { mtls: { mode: STRICT } }\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: b, namespace: foo, creationTimestamp: "2024-01-01T00:00:00Z" }\nspec: { mtls: { mode: DISABLE } }\n`,
  PLAIN,
  allowed(null),
);
row(
  'a port without TLS knows nobody, whatever is told',
  workload('w', 'DISABLE') + authorize('a', '{ rules: [{ from: [{ source: { principals: ["*"] } }] }] }'),
  {},
  denied(null),
  {
    step: /no identity/,
  },
);

const ALL = '{ rules: [{}] }';
const rule = (text: string, action = 'ALLOW') => authorize('p', `{ action: ${action}, rules: [${text}] }`);
row('a policy without rules allows nothing', authorize('p', '{}'), {}, denied(null));
row('a rule without conditions allows all', authorize('p', ALL), PLAIN, allowed('foo/p'));
row('a rule without conditions denies all', rule('{}', 'DENY'), {}, denied('foo/p'));
row('policies of the root namespace hold in all', authorize('p', '{}', 'istio-system'), {}, denied(null));
row(
  'those of the root namespace and of the own are taken together',
  authorize('p', '{}', 'istio-system') + authorize('q', ALL),
  {},
  allowed('foo/q'),
);
row(
  'a policy of the root namespace with a selector',
  authorize('p', '{ selector: { matchLabels: { app: httpbin } } }', 'istio-system'),
  {},
  denied(null),
);
row(
  'a policy of the root namespace that selects others',
  authorize('p', '{ selector: { matchLabels: { app: other } } }', 'istio-system'),
  {},
  allowed(null),
);
row('a policy of another namespace', authorize('p', '{}', 'bar'), {}, allowed(null));
row(
  'all labels of a selector must be there',
  authorize('p', '{ selector: { matchLabels: { app: httpbin, version: v2 } } }'),
  {},
  allowed(null),
);
row(
  'a policy for a gateway',
  authorize('p', '{ targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: g }] }'),
  {},
  allowed(null),
);
row(
  'denying goes before allowing',
  rule('{ to: [{ operation: { methods: [GET] } }] }', 'DENY') + authorize('q', ALL),
  {},
  denied('foo/p'),
);
row(
  'only denying, and it does not match: all may',
  rule('{ to: [{ operation: { methods: [POST] } }] }', 'DENY'),
  {},
  allowed(null),
);
row(
  'the number of the rule is told',
  rule('{ to: [{ operation: { methods: [POST] } }] }, { to: [{ operation: { methods: [GET] } }] }'),
  {},
  allowed('foo/p', 1),
);
row('noting changes nothing', rule('{}', 'AUDIT'), {}, { ...allowed(null), audited: ['foo/p'] });
row(
  'noting does not close',
  rule('{ to: [{ operation: { methods: [POST] } }] }', 'AUDIT'),
  {},
  allowed(null),
);
row(
  'what is denied is noted, too',
  rule('{}', 'AUDIT') + authorize('q', '{ action: DENY, rules: [{}] }'),
  {},
  { ...denied('foo/q'), audited: ['foo/p'] },
);
row(
  'CUSTOM comes before noting',
  rule('{}', 'AUDIT') + authorize('q', '{ action: CUSTOM, provider: { name: x }, rules: [{}] }'),
  {},
  denied('foo/q'),
);

const dry = (name: string, spec: string) =>
  `---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: foo, annotations: { istio.io/dry-run: "true" } }\nspec: ${spec}\n`;
row('a dry run denies nothing', dry('p', '{ action: DENY, rules: [{}] }'), {}, allowed(null));
row(
  'a dry run that allows does not close',
  dry('p', '{ rules: [{ to: [{ operation: { methods: [POST] } }] }] }'),
  {},
  allowed(null),
);
row('a dry run that allows does not open', dry('p', ALL) + authorize('q', '{}'), {}, denied(null));
