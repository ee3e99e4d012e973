/** Explanations for people: the verdict first, what follows from it, then step by step why. */
import type { InboundExplanation, OutboundExplanation } from 'heddle/policy';
import { clean, type Style, table } from './style.js';

export function outboundText(answer: OutboundExplanation, style: Style): string {
  const { outcome, virtualService, route, clusters, picked } = answer;
  const good = outcome === 'route' || outcome === 'redirect' || outcome === 'directResponse';
  const facts: [string, string][] = [['outcome', good ? style.green(outcome) : style.red(outcome)]];
  if (virtualService !== null) facts.push(['policy', clean(`VirtualService ${virtualService}`)]);
  if (route !== null)
    facts.push(['route', clean(`${route.index}${route.name === null ? '' : ` (${route.name})`}`)]);
  if (picked !== null) facts.push(['picked', clean(picked)]);
  facts.push(...consequences(answer));
  const destinations =
    clusters.length === 0
      ? ''
      : `\n${table(
          ['CLUSTER', 'HOST', 'SUBSET', 'PORT', 'WEIGHT'],
          clusters.map(({ name, host, subset, port, weight }) => [
            name,
            host,
            subset || '-',
            String(port),
            `${Math.round(weight * 10_000) / 100} %`,
          ]),
          style,
        )}`;
  return `${list(facts, style)}${destinations}${why(answer.steps, style)}`;
}

function consequences(answer: OutboundExplanation): [string, string][] {
  const { redirect, directResponse, fault, mirrors, timeoutMs, retries, request } = answer;
  const facts: [string, string][] = [
    ['request', clean(`${request.method} ${request.scheme}://${request.authority}${request.path}`)],
  ];
  if (redirect !== null) facts.push(['redirect', clean(`${redirect.status} to ${redirect.location}`)]);
  if (directResponse !== null)
    facts.push(['answer', clean(`${directResponse.status} ${directResponse.body.slice(0, 200)}`)]);
  if (fault !== null) facts.push(['fault', clean(JSON.stringify(fault))]);
  for (const { cluster, percentage } of mirrors)
    facts.push(['mirror', clean(`${percentage} % to ${cluster}`)]);
  if (timeoutMs !== null) facts.push(['timeout', `${timeoutMs} ms`]);
  if (retries !== null) {
    const each = retries.perTryTimeoutMs === null ? '' : `, ${retries.perTryTimeoutMs} ms each`;
    facts.push(['retries', clean(`${retries.attempts}${each}, on ${retries.on.join(', ')}`)]);
  }
  return facts;
}

export function inboundText(answer: InboundExplanation, style: Style): string {
  const { decision, status, policy, rule, audited } = answer;
  const verdict = decision === 'allow' ? style.green('allow') : style.red(`deny (${status})`);
  const facts: [string, string][] = [['decision', verdict]];
  if (policy !== null)
    facts.push(['policy', clean(`AuthorizationPolicy ${policy}${rule === null ? '' : ` rule ${rule}`}`)]);
  if (audited.length > 0) facts.push(['audited', clean(audited.join(', '))]);
  return `${list(facts, style)}${why(answer.steps, style)}`;
}

function list(facts: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${value}\n`).join('');
}

function why(steps: readonly string[], style: Style): string {
  return `\n${style.dim('why')}\n${steps.map((step, index) => `  ${index + 1}. ${clean(step)}\n`).join('')}`;
}
