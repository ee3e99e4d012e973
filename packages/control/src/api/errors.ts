/** What the API answers when it cannot do what was asked: `{"code", "message", "messages"?}`. */
import type { Message } from 'heddle/policy';
import { isMeshError } from 'heddle/ports';

export type ApiErrorCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'conflict'
  | 'too_large'
  | 'rate_limited'
  | 'invalid_policy'
  | 'unavailable'
  | 'internal';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: ApiErrorCode,
    message: string,
    /** What is wrong with the policy, finding by finding. */
    readonly messages?: readonly Message[],
    /** When to try again, milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** What may be said of `error` to whoever asked; an error of ours says nothing of our inside. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isMeshError(error, 'HEDDLE_INVALID_ARGUMENT')) return new ApiError(400, 'invalid', error.message);
  return new ApiError(500, 'internal', 'the service failed; its log says why');
}
