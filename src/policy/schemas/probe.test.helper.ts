/** Sets one field of a kind, and looks at what its checks make of it. */
import { z } from 'zod';
import type { AnyKind } from '../kinds/index.js';
import { type FieldPath, formatPath } from '../kinds/kind.js';

export interface Probed {
  readonly samples: number;
  /** Samples that are refused as not done here (`HDL0007`). */
  readonly refused: number;
  /** Samples that are said to be without effect (`HDL0006`). */
  readonly told: number;
}

/** What a document needs to be about something at all. */
const BASES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  DestinationRule: { host: 'a', trafficPolicy: { tls: { mode: 'MUTUAL' } } },
  RateLimit: { host: 'a', limits: [{ requests: 1, per: '1s' }] },
  ResiliencePolicy: { host: 'a' },
  Sidecar: { ingress: [{ port: { number: 443, protocol: 'HTTPS', name: 'https' } }] },
  WorkloadGroup: { template: {} },
};

/** Values for fields that do not take any. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  'RequestAuthentication jwtRules[].issuer': ['https://issuer.example'],
  'WorkloadEntry address': ['10.0.0.1', 'unix:///run/a.sock'],
};

export function probe(kind: AnyKind, path: string): Probed {
  const parts = path
    .split('.')
    .flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), 0] : part === '*' ? ['a'] : [part]));
  const given = VALUES[`${kind.kind} ${path}`];
  const probed = { samples: 0, refused: 0, told: 0 };
  for (const value of given ?? samplesOf(schemaAt(kind.schema, parts))) {
    const spec = kind.schema.safeParse(setAt(kind.schema, BASES[kind.kind] ?? {}, parts, value));
    if (!spec.success) continue;
    probed.samples += 1;
    const { unsupported, info } = findingsOf(kind, spec.data);
    const place = formatPath(['spec', ...parts]);
    if (unsupported.some((at) => at !== 'spec' && related(at, place))) probed.refused += 1;
    if (info.includes(place)) probed.told += 1;
  }
  return probed;
}

function findingsOf(kind: AnyKind, spec: unknown) {
  const found = { unsupported: [] as string[], info: [] as string[] };
  kind.check(
    spec as never,
    {
      error: () => undefined,
      warning: () => undefined,
      info: (path) => void found.info.push(formatPath(path)),
      unsupported: (path) => void found.unsupported.push(formatPath(path)),
    },
    { name: 'sample', namespace: 'default' },
  );
  return found;
}

/** The same field, or one within the other. */
function related(one: string, other: string): boolean {
  const within = (inner: string, outer: string) =>
    inner === outer || (inner.startsWith(outer) && /^[.[]/.test(inner.slice(outer.length)));
  return within(one, other) || within(other, one);
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema;
}

function schemaAt(schema: unknown, path: FieldPath): unknown {
  let at = unwrap(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[String(part)]);
    else if (at instanceof z.ZodArray) at = unwrap(at.element);
    else if (at instanceof z.ZodRecord) at = unwrap(at.valueType);
  }
  return at;
}

function samplesOf(schema: unknown): readonly unknown[] {
  if (schema instanceof z.ZodEnum) return schema.options;
  if (schema instanceof z.ZodBoolean) return [true];
  if (schema instanceof z.ZodObject) return [requiredOf(schema, {})];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(samplesOf);
  if (schema instanceof z.ZodArray || schema instanceof z.ZodRecord)
    return samplesOf(unwrap(schema instanceof z.ZodArray ? schema.element : schema.valueType));
  if (schema instanceof z.ZodUnknown) return [{}];
  // The first that fits is taken: a duration is a text that not every text is.
  const fits = ['a', '1s', 1, 200, 'YQ=='].find(
    (value) => schema instanceof z.ZodType && schema.safeParse(value).success,
  );
  return fits === undefined ? [] : [fits];
}

/** `base` with `value` at `path`, and with whatever the objects on the way require. */
function setAt(schema: unknown, base: unknown, [first, ...rest]: FieldPath, value: unknown): unknown {
  const at = unwrap(schema);
  if (first === undefined) return value;
  if (at instanceof z.ZodArray)
    return [setAt(at.element, Array.isArray(base) ? base[0] : undefined, rest, value)];
  if (at instanceof z.ZodRecord) return { [first]: setAt(at.valueType, undefined, rest, value) };
  if (!(at instanceof z.ZodObject)) return value;
  const own = requiredOf(at, base);
  return { ...own, [first]: setAt(at.shape[String(first)], own[String(first)], rest, value) };
}

function requiredOf(schema: z.ZodObject, base: unknown): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.shape))
    if (!(field instanceof z.ZodOptional)) {
      const [sample] = samplesOf(field);
      made[name] = field instanceof z.ZodArray ? [sample] : sample;
    }
  return { ...made, ...(typeof base === 'object' ? base : {}) };
}
