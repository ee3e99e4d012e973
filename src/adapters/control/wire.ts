/** Checks of what the config service sends: shapes and sizes, before anything is believed. Unknown fields are left alone, so that a newer service can add some. */
import { z } from 'zod';
import { MeshError } from '../../base/errors.js';
import type { BundleResponse, ControlMessage, SvidResponse } from '../../ports/control-protocol.js';

const pem = z.string().min(1).max(65_536);
const trustDomain = z.string().regex(/^[a-z0-9._-]{1,255}$/, 'is not a trust domain');

const denied = z
  .object({
    serials: z.array(z.string().max(64)).max(10_000),
    ids: z.array(z.string().max(2048)).max(10_000),
    keys: z.array(z.string().max(128)).max(10_000),
  })
  .optional();

const bundleResponse = z.object({ trustDomain, roots: z.array(pem).min(1).max(64) });

const svidResponse = z.object({
  spiffeId: z.string().max(2048),
  chain: z.array(pem).min(1).max(8),
  roots: z.array(pem).min(1).max(64),
  trustDomain,
  denied,
});

const resourceName = z.string().min(1).max(1024);

const controlMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    protocol: z.number().int(),
    pingMs: z.number().int().positive(),
  }),
  z.object({
    type: z.literal('update'),
    revision: z.number().int().nonnegative(),
    upsert: z.array(
      z.object({ name: resourceName, version: z.string().min(1).max(256), value: z.unknown() }),
    ),
    remove: z.array(resourceName),
    complete: z.boolean(),
  }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('goodbye'), because: z.string(), retry: z.boolean() }),
]);

/** @throws MeshError `HEDDLE_PROTOCOL_ERROR` naming the field */
export function parseBundleResponse(value: unknown): BundleResponse {
  return checked(bundleResponse, value, 'GET /v1/bundle');
}

/** @throws MeshError `HEDDLE_PROTOCOL_ERROR` naming the field */
export function parseSvidResponse(value: unknown): SvidResponse {
  return checked(svidResponse, value, 'POST /v1/svid');
}

/** @throws MeshError `HEDDLE_PROTOCOL_ERROR` naming the field */
export function parseControlMessage(line: string): ControlMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new MeshError('the config service sent a line that is not JSON', {
      code: 'HEDDLE_PROTOCOL_ERROR',
      cause,
    });
  }
  return checked(controlMessage, value, 'the policy stream');
}

function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new MeshError(
    `what the config service sent on ${where} is not as agreed: ${formatIssues(result.error).join('; ')}`,
    { code: 'HEDDLE_PROTOCOL_ERROR' },
  );
}

/** One line for each of the first findings: `path: what`. */
function formatIssues(error: z.ZodError): string[] {
  return error.issues.slice(0, 10).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
}
