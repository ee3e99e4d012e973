/** The outline of a route, of its action, and of all that is done to what takes it. */
import { z } from 'zod';

export const text = z.string().max(65_536);

/** Each has one of `exact`, `prefix`, `regex` and `present`; which, policy is compiled by. */
const matcher = z.looseObject({ exact: text.optional(), prefix: text.optional(), regex: text.optional() });
const named = z.looseObject({ name: text, match: matcher });

const match = z.looseObject({
  uri: matcher.optional(),
  scheme: matcher.optional(),
  method: matcher.optional(),
  authority: matcher.optional(),
  headers: z.array(named).optional(),
  queryParams: z.array(named).optional(),
  claims: z.array(z.looseObject({ path: z.array(text), match: matcher })).optional(),
});

const operations = z
  .looseObject({
    set: z.record(z.string(), text).optional(),
    add: z.record(z.string(), text).optional(),
    remove: z.array(text).optional(),
  })
  .optional();
const headers = z.looseObject({ request: operations, response: operations }).optional();

const forward = z.looseObject({
  kind: z.literal('forward'),
  destinations: z.array(z.looseObject({ cluster: text, weight: z.number().nonnegative(), headers })).min(1),
});
const redirect = z.looseObject({
  kind: z.literal('redirect'),
  status: z.number().int(),
  uri: text.optional(),
  prefixRewrite: text.optional(),
  authority: text.optional(),
  scheme: text.optional(),
});
const directResponse = z.looseObject({
  kind: z.literal('directResponse'),
  status: z.number().int(),
  body: z.string().max(1_048_576),
});

const milliseconds = z.number().nonnegative();

const retries = z.looseObject({
  attempts: z.number().int().nonnegative(),
  perTryTimeoutMs: milliseconds.nullable(),
  on: z.array(text),
  statusCodes: z.array(z.number()),
  backoffMs: milliseconds,
});

export const route = z.looseObject({
  index: z.number().int(),
  name: text.nullable(),
  match: match.optional(),
  action: z.discriminatedUnion('kind', [forward, redirect, directResponse]),
  rewrite: z
    .looseObject({
      uri: text.optional(),
      uriRegex: z.looseObject({ match: text, rewrite: text }).optional(),
      authority: text.optional(),
    })
    .optional(),
  headers,
  timeoutMs: milliseconds.nullable(),
  retries: retries.nullable(),
  fault: z
    .looseObject({
      delay: z.looseObject({ percent: z.number(), fixedDelayMs: milliseconds }).optional(),
      abort: z.looseObject({ percent: z.number() }).optional(),
    })
    .optional(),
  mirrors: z.array(z.looseObject({ cluster: text, percentage: z.number() })).optional(),
  cors: z
    .looseObject({
      allowOrigins: z.array(matcher),
      allowMethods: z.array(text),
      allowHeaders: z.array(text),
      exposeHeaders: z.array(text),
      maxAgeSeconds: z.number().nullable(),
    })
    .optional(),
});
