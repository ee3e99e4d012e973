/** Policy that the tests of policy tests are about. */
import { runPolicyTests } from './run.js';

export const POLICY = `
apiVersion: v1
kind: Service
metadata: { name: reviews }
spec: { ports: [{ name: http, port: 9080 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
    - name: old
      match: [{ uri: { exact: /old } }]
      redirect: { uri: /new, redirectCode: 308 }
    - name: teapot
      match: [{ uri: { exact: /tea } }]
      directResponse: { status: 418, body: { string: short and stout } }
    - name: broken
      match: [{ uri: { exact: /broken } }]
      fault: { delay: { fixedDelay: 2s, percentage: { value: 100 } }, abort: { httpStatus: 503, percentage: { value: 100 } } }
      route: [{ destination: { host: reviews, subset: v1 } }]
    - name: split
      match: [{ uri: { prefix: /api/ } }]
      rewrite: { uri: / }
      headers:
        request: { set: { x-canary: "yes" }, remove: [x-secret] }
        response: { add: { x-mesh: heddle } }
      route:
        - { destination: { host: reviews, subset: v1 }, weight: 75 }
        - { destination: { host: reviews, subset: v2 }, weight: 25 }
      timeout: 5s
      retries: { attempts: 2, perTryTimeout: 1s, retryOn: "reset,503" }
      mirrors: [{ destination: { host: reviews, subset: v3 }, percentage: { value: 10 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db }
spec:
  hosts: [db.example.com]
  ports: [{ number: 3306, name: tls, protocol: TLS }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db }
spec:
  hosts: [db.example.com]
  tls:
    - match: [{ sniHosts: [db.example.com] }]
      route: [{ destination: { host: reviews, subset: v1, port: { number: 9080 } } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec:
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers }
spec:
  selector: { matchLabels: { app: reviews } }
  rules:
    - from: [{ source: { serviceAccounts: [productpage, shop/cart] } }]
      to: [{ operation: { methods: [GET] } }]
`;

export function testOf(cases: readonly string[], more = ''): string {
  const list = cases.map((one) => `    - ${one}\n`).join('');
  return `apiVersion: heddle.dev/v1\nkind: PolicyTest\nmetadata: { name: t }\nspec:\n${more}  cases:\n${list}`;
}

export function report(cases: readonly string[], more = '') {
  const files = [
    { file: 'policy.yaml', text: POLICY },
    { file: 'test.yaml', text: testOf(cases, more) },
  ];
  return runPolicyTests(files);
}
