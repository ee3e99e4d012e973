/** A case's question asked of the functions that decide real calls, and their answer compared. */
import { isMeshError } from '../../base/errors.js';
import { explainInboundAmong } from '../explain-inbound.js';
import { OutboundExplainer } from '../explain-outbound.js';
import type { Resource } from '../resource.js';
import { compareCall } from './compare-call.js';
import { compareExchange } from './compare-exchange.js';
import type { Difference } from './differences.js';
import { exchangeOf, questionOf } from './names.js';
import type { ReadCase } from './read.js';

export interface Answered {
  readonly differences: readonly Difference[];
  readonly steps: readonly string[];
}

/** Answers the questions of cases, under one policy. */
export class Asker {
  readonly #resources: readonly Resource[];
  /** By what holds for the whole mesh, which each test says for itself. */
  readonly #explainers = new Map<string, OutboundExplainer>();

  constructor(resources: readonly Resource[]) {
    this.#resources = resources;
  }

  ask({ case: one, namespace, mesh }: ReadCase): Answered {
    const { trustDomain = 'cluster.local', trustDomainAliases = [], pathNormalization = 'BASE' } = mesh;
    const holds = { trustDomain, trustDomainAliases, pathNormalization };
    try {
      if ('call' in one) {
        const answer = this.#explainer(mesh).explain(questionOf(one.call, namespace));
        return { differences: compareCall(one.expect, answer, namespace).list, steps: answer.steps };
      }
      const question = exchangeOf(one.exchange, namespace, trustDomain);
      if (question === null) return unanswerable("a port: write it as in 'to: reviews:9080'");
      const answer = explainInboundAmong(this.#resources, question, holds);
      return { differences: compareExchange(one.expect, answer, namespace).list, steps: answer.steps };
    } catch (error) {
      if (!isMeshError(error)) throw error;
      return unanswerable('a question that can be answered', error.message);
    }
  }

  #explainer({ trustDomain, outboundTrafficPolicy }: ReadCase['mesh']): OutboundExplainer {
    const key = `${trustDomain} ${outboundTrafficPolicy}`;
    const found =
      this.#explainers.get(key) ??
      new OutboundExplainer(this.#resources, {
        mesh: {
          ...(trustDomain !== undefined && { trustDomain }),
          ...(outboundTrafficPolicy !== undefined && { outboundTrafficPolicy }),
        },
      });
    this.#explainers.set(key, found);
    return found;
  }
}

function unanswerable(expected: string, actual = 'none'): Answered {
  return { differences: [{ field: 'question', expected, actual }], steps: [] };
}
