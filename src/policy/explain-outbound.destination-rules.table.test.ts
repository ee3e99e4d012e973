/**
 * Which DestinationRule speaks for a destination, told by whether the subset is there and what is said of the cluster.
 * @source Istio `pilot/pkg/model/push_context_test.go` TestSetDestinationRule*, `pilot/pkg/networking/core/cluster_traffic_policy_test.go`
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainOutbound } from './explain-outbound.js';
import { CALL } from './explain-outbound-rows.test.helper.js';

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: back }
spec: { ports: [{ port: 9080, name: http }, { port: 9081, name: http-more }] }
`;
const dr = (name: string, namespace: string, spec: string, annotations = '') =>
  `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: ${name}, namespace: ${namespace}${annotations} }\nspec: { host: reviews.back.svc.cluster.local, ${spec} }\n`;
const ROUTE = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: back }
spec: { hosts: [reviews], http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }] }
`;
const subset = (name = 'v1', more = '') =>
  `subsets: [{ name: ${name}, labels: { version: ${name} }${more} }]`;
const balancer = (simple: string) => `trafficPolicy: { loadBalancer: { simple: ${simple} } }`;
const THERE = /the call goes to outbound\|9080\|v1\|reviews\.back\.svc\.cluster\.local, /;
const NOT_THERE = /which does not exist here/;

function says(what: string, policy: string, ...expected: RegExp[]): void {
  test(what, () => {
    const answer = explainOutbound([{ file: 'p.yaml', text: SERVICE + ROUTE + policy }], {
      ...CALL,
      source: { namespace: 'front', labels: { app: 'web' } },
      authority: 'reviews.back:9080',
    });
    assert.equal(answer.picked, 'outbound|9080|v1|reviews.back.svc.cluster.local');
    for (const like of expected) assert.match(answer.steps.join('\n'), like);
  });
}
const less = (kind: string) => new RegExp(`v1\\|reviews\\.back\\.svc\\.cluster\\.local, ${kind}`);

says('no DestinationRule, no subset', '', NOT_THERE);
says("the service's namespace", dr('a', 'back', subset()), THERE);
says(
  "the caller's namespace goes first, though it lacks the subset",
  dr('a', 'back', subset()) + dr('b', 'front', balancer('RANDOM')),
  NOT_THERE,
);
says(
  "the caller's namespace goes first",
  dr('a', 'back', subset()) + dr('b', 'front', `${subset()}, ${balancer('RANDOM')}`),
  less('random'),
);
says(
  'the root namespace comes last',
  dr('a', 'istio-system', `${subset()}, ${balancer('RANDOM')}`),
  less('random'),
);
says(
  "not after the service's",
  dr('a', 'istio-system', `${subset()}, ${balancer('RANDOM')}`) +
    dr('b', 'back', `${subset()}, ${balancer('ROUND_ROBIN')}`),
  less('round-robin'),
);
says("a third namespace's is not heard", dr('a', 'elsewhere', subset()), NOT_THERE);
says(
  "the service's namespace may keep it private",
  dr('a', 'back', `${subset()}, exportTo: ["."]`),
  NOT_THERE,
);
says(
  'then the root namespace is asked',
  dr('a', 'back', `${subset()}, exportTo: ["."]`) + dr('b', 'istio-system', subset()),
  THERE,
);
says('the namespace may be named', dr('a', 'back', `${subset()}, exportTo: [front]`), THERE);
says('another may be named', dr('a', 'back', `${subset()}, exportTo: [other]`), NOT_THERE);
says('two of one host are merged: subsets', dr('a', 'back', subset('v2')) + dr('b', 'back', subset()), THERE);
says(
  'two of one host are merged: the first policy counts',
  dr('a', 'back', `${subset()}, ${balancer('RANDOM')}`) +
    dr('b', 'back', `${subset('v2')}, ${balancer('ROUND_ROBIN')}`),
  less('random'),
);
says(
  'two of one host are merged: a later policy counts where the first has none',
  dr('a', 'back', subset()) + dr('b', 'back', `${subset('v2')}, ${balancer('ROUND_ROBIN')}`),
  less('round-robin'),
);
says(
  'two of one host are merged: the first subset of a name counts',
  dr('a', 'back', subset('v1', `, ${balancer('RANDOM')}`)) +
    dr('b', 'back', subset('v1', `, ${balancer('ROUND_ROBIN')}`)),
  less('random'),
);
says(
  'a rule that is shown to others is not merged',
  dr('a', 'back', `${subset('v2')}, exportTo: [front]`) + dr('b', 'back', `${subset()}, exportTo: [other]`),
  NOT_THERE,
);
says(
  'a wildcard is less than the name',
  `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: wild, namespace: back }
spec: { host: "*.back.svc.cluster.local", ${subset()} }
${dr('a', 'back', balancer('RANDOM'))}`,
  NOT_THERE,
);
says(
  'and counts where there is nothing closer',
  `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: wild, namespace: back }
spec: { host: "*.back.svc.cluster.local", ${subset()} }
`,
  THERE,
);
says(
  'a selector that chooses the caller goes first',
  dr('a', 'front', `${subset()}, ${balancer('ROUND_ROBIN')}`) +
    dr('b', 'front', `workloadSelector: { matchLabels: { app: web } }, ${subset()}, ${balancer('RANDOM')}`),
  less('random'),
);
says(
  'a selector that does not is not heard',
  dr('a', 'front', `${subset()}, ${balancer('ROUND_ROBIN')}`) +
    dr('b', 'front', `workloadSelector: { matchLabels: { app: other } }, ${subset()}, ${balancer('RANDOM')}`),
  less('round-robin'),
);
says(
  "a selector of the service's namespace chooses nobody elsewhere",
  dr('b', 'back', `workloadSelector: { matchLabels: { app: web } }, ${subset()}`),
  NOT_THERE,
);

says(
  'the policy of the subset replaces the block',
  dr('a', 'back', `${balancer('RANDOM')}, ${subset('v1', `, ${balancer('ROUND_ROBIN')}`)}`),
  less('round-robin'),
);
says(
  'the policy of the port replaces it',
  dr(
    'a',
    'back',
    `trafficPolicy: { loadBalancer: { simple: RANDOM }, portLevelSettings: [{ port: { number: 9080 }, loadBalancer: { simple: ROUND_ROBIN } }] }, ${subset()}`,
  ),
  less('round-robin'),
);
says(
  'the policy of another port does not',
  dr(
    'a',
    'back',
    `trafficPolicy: { loadBalancer: { simple: RANDOM }, portLevelSettings: [{ port: { number: 9081 }, loadBalancer: { simple: ROUND_ROBIN } }] }, ${subset()}`,
  ),
  less('random'),
);
says(
  'a port that says only TLS has no balancer of its own, and not that of the rule either',
  dr(
    'a',
    'back',
    `trafficPolicy: { loadBalancer: { simple: RANDOM }, portLevelSettings: [{ port: { number: 9080 }, tls: { mode: DISABLE } }] }, ${subset()}`,
  ),
  /v1\|reviews\.back\.svc\.cluster\.local, least-request, TLS disable/,
);
says(
  "the subset's own port goes before the subset",
  dr(
    'a',
    'back',
    subset(
      'v1',
      ', trafficPolicy: { loadBalancer: { simple: RANDOM }, portLevelSettings: [{ port: { number: 9080 }, loadBalancer: { simple: ROUND_ROBIN } }] }',
    ),
  ),
  less('round-robin'),
);
says(
  'the subset goes before the port of the rule',
  dr(
    'a',
    'back',
    `trafficPolicy: { portLevelSettings: [{ port: { number: 9080 }, loadBalancer: { simple: ROUND_ROBIN } }] }, ${subset('v1', `, ${balancer('RANDOM')}`)}`,
  ),
  less('random'),
);
says('mesh identity where nothing is said', dr('a', 'back', subset()), /TLS auto/);
says(
  'mesh identity where it is asked for',
  dr('a', 'back', `trafficPolicy: { tls: { mode: ISTIO_MUTUAL } }, ${subset()}`),
  /TLS mesh/,
);
