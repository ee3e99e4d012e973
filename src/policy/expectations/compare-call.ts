/** What a call was expected to become, against what explanation says that it does. What is not named is not compared. */
import { parseDuration } from '../kinds/duration.js';
import type { OutboundExplanation } from '../outbound-question.js';
import { compareClusters, matchesTarget, showCluster, showTarget } from './compare-clusters.js';
import { Differences, sameValue } from './differences.js';
import { targetOf } from './names.js';
import type { CallExpectation } from './schema.js';

export function compareCall(
  expected: CallExpectation,
  actual: OutboundExplanation,
  namespace: string,
): Differences {
  const found = new Differences();
  const implied = expected.to !== undefined || expected.shares !== undefined ? 'route' : undefined;
  found.compare('outcome', expected.outcome ?? implied, actual.outcome);
  // Where a call goes otherwise is told by its outcome already.
  if (actual.outcome === 'route' || actual.outcome === 'abort')
    compareClusters(expected, actual, namespace, found);
  compareRoute(expected, actual, namespace, found);
  compareAnswer(expected, actual, found);
  compareResilience(expected, actual, found);
  compareMirrors(expected, actual, namespace, found);
  compareRequest(expected, actual, found);
  return found;
}

function compareRoute(
  { virtualService, route }: CallExpectation,
  actual: OutboundExplanation,
  namespace: string,
  found: Differences,
): void {
  if (virtualService !== undefined) {
    const isFull = virtualService.includes('/') || virtualService === 'none';
    const full = isFull ? virtualService : `${namespace}/${virtualService}`;
    found.compare('virtualService', full, actual.virtualService ?? 'none');
  }
  const { index = 'none', name = null } = actual.route ?? {};
  found.compare('route', route, typeof route === 'number' ? index : (name ?? String(index)));
}

function compareAnswer(
  { status, location, body }: CallExpectation,
  { outcome, redirect, directResponse, fault }: OutboundExplanation,
  found: Differences,
): void {
  const answered =
    redirect?.status ??
    directResponse?.status ??
    fault?.abortStatus ??
    (outcome === 'noRoute' ? 404 : 'none');
  found.compare('status', status, answered);
  found.compare('location', location, redirect?.location ?? 'none');
  found.compare('body', body, directResponse?.body ?? 'none');
}

function compareResilience(
  { timeout, retries, fault }: CallExpectation,
  actual: OutboundExplanation,
  found: Differences,
): void {
  if (timeout !== undefined) found.compare('timeout', milliseconds(timeout), shown(actual.timeoutMs));
  const attempts = actual.retries?.attempts ?? 0;
  if (typeof retries === 'object') {
    found.compare('retries.attempts', retries.attempts, attempts);
    if (retries.perTryTimeout !== undefined)
      found.compare(
        'retries.perTryTimeout',
        milliseconds(retries.perTryTimeout),
        shown(actual.retries?.perTryTimeoutMs ?? null),
      );
    if (retries.on !== undefined)
      found.compare('retries.on', sorted(retries.on), sorted(actual.retries?.on ?? []));
  } else if (retries !== undefined) found.compare('retries', retries === 'none' ? 0 : retries, attempts);
  if (fault === 'none') found.compare('fault', 'none', actual.fault === null ? 'none' : 'one is injected');
  else if (fault !== undefined) {
    const delay = actual.fault?.delayMs ?? null;
    if (fault.delay !== undefined) found.compare('fault.delay', milliseconds(fault.delay), shown(delay));
    found.compare(
      'fault.abort',
      fault.abort,
      actual.fault?.abortStatus ?? actual.fault?.grpcStatus ?? 'none',
    );
  }
}

function compareMirrors(
  { mirrors }: CallExpectation,
  actual: OutboundExplanation,
  namespace: string,
  found: Differences,
): void {
  if (mirrors === undefined) return;
  const came = actual.mirrors.map(({ cluster, percentage }) => {
    // outbound|PORT|SUBSET|HOST
    const [, port = '', subset = '', host = ''] = cluster.split('|');
    return { host, subset, port: Number(port), percentage };
  });
  const wanted = mirrors.map((one) =>
    typeof one === 'string' || !('to' in one)
      ? { target: targetOf(one) }
      : { target: targetOf(one.to), percent: one.percent },
  );
  const same =
    came.length === wanted.length &&
    wanted.every(
      ({ target, percent }, index) =>
        matchesTarget(target, came[index]!, namespace) &&
        (percent ?? came[index]!.percentage) === came[index]!.percentage,
    );
  if (same) return;
  const text = (percent: number | undefined, to: string) =>
    `${percent === undefined ? '' : `${percent} % `}${to}`;
  found.add(
    'mirrors',
    wanted.map(({ target, percent }) => text(percent, showTarget(target))).join(', ') || 'none',
    came.map((one) => text(one.percentage, showCluster(one, namespace))).join(', ') || 'none',
  );
}

function compareRequest(expected: CallExpectation, actual: OutboundExplanation, found: Differences): void {
  const { request, responseHeaders } = actual;
  found.compare('method', expected.method, request.method);
  found.compare('authority', expected.authority, request.authority);
  found.compare('path', expected.path, request.path);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const came = request.headers[name.toLowerCase()];
    const text = came === undefined ? 'none' : typeof came === 'string' ? came : [...came].join(', ');
    found.compare(`headers.${name}`, value ?? 'none', text);
  }
  for (const part of ['set', 'add'] as const)
    for (const [name, value] of Object.entries(expected.responseHeaders?.[part] ?? {})) {
      const came = responseHeaders[part] as Readonly<Record<string, string>>;
      found.compare(
        `responseHeaders.${part}.${name}`,
        value,
        came[name] ?? came[name.toLowerCase()] ?? 'none',
      );
    }
  const removed = expected.responseHeaders?.remove;
  if (removed !== undefined && !sameValue(sorted(removed), sorted(responseHeaders.remove)))
    found.compare('responseHeaders.remove', sorted(removed), sorted(responseHeaders.remove));
}

function milliseconds(text: string): string {
  const ms = text === 'none' ? 0 : parseDuration(text);
  return shown(ms);
}

/** No timeout is no timeout, however it is said. */
function shown(ms: number | null): string {
  return ms === null || ms === 0 ? 'none' : `${ms} ms`;
}

function sorted(words: readonly string[]): readonly string[] {
  return [...words].sort();
}
