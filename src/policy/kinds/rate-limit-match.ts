/** `match` of a priority or a rate limit: which requests it is about. */
import { z } from 'zod';
import { HTTP_METHODS, isToken, strings } from './common.js';
import type { FieldPath, Findings } from './kind.js';

export const requestMatch = z.strictObject({
  /** Exact, `prefix*`, `*suffix` or `*`. */
  paths: strings.optional(),
  methods: strings.optional(),
  /** By name; `{}` asks whether the field is there. */
  headers: z
    .record(z.string(), z.strictObject({ exact: z.string().optional(), prefix: z.string().optional() }))
    .optional(),
  /** As in an AuthorizationPolicy. */
  principals: strings.optional(),
});
export type RequestMatchSpec = z.infer<typeof requestMatch>;

export function checkRequestMatch(
  match: RequestMatchSpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  if (match === undefined) return;
  for (const field of ['paths', 'methods', 'principals'] as const) {
    const values = match[field];
    if (values?.length === 0)
      findings.error([...path, field], 'an empty list matches nothing; leave it out, or name something');
    for (const [index, value] of (values ?? []).entries())
      if (value === '') findings.error([...path, field, index], 'the value is empty');
  }
  for (const [index, value] of (match.paths ?? []).entries()) {
    if (value === '') continue;
    if (!value.startsWith('/') && !value.startsWith('*'))
      findings.error(
        [...path, 'paths', index],
        `'${value}' is not a path: expected it to start with '/' or '*'`,
      );
    if (value.slice(1, -1).includes('*'))
      findings.error([...path, 'paths', index], "'*' can stand at the beginning or at the end only");
  }
  for (const [index, value] of (match.methods ?? []).entries())
    checkMethod(value, [...path, 'methods', index], findings);
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    const at = [...path, 'headers', name];
    if (!isToken(name)) findings.error(at, `'${name}' is not the name of a header`);
    if (value.exact !== undefined && value.prefix !== undefined)
      findings.error(at, "only one of 'exact' and 'prefix' can be set");
    if (value.prefix === '')
      findings.error(
        [...at, 'prefix'],
        'an empty prefix matches everything; write {} to ask whether it is there',
      );
  }
}

export function checkMethod(method: string, path: FieldPath, findings: Findings): void {
  if (method === '' || HTTP_METHODS.includes(method)) return;
  const upper = method.toUpperCase();
  const hint = HTTP_METHODS.includes(upper) ? `write ${upper}` : `expected one of ${HTTP_METHODS.join(', ')}`;
  findings.error(path, `'${method}' is not a method: ${hint}`);
}
