/**
 * gRPC status codes by name, and what Envoy makes of them over HTTP and back.
 * @source grpc doc/statuscodes.md; Envoy `source/common/grpc/status.cc`
 */
const CODES: readonly (readonly [name: string, httpStatus: number])[] = [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALID_ARGUMENT', 400],
  ['DEADLINE_EXCEEDED', 504],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_EXHAUSTED', 429],
  ['FAILED_PRECONDITION', 400],
  ['ABORTED', 409],
  ['OUT_OF_RANGE', 400],
  ['UNIMPLEMENTED', 501],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATA_LOSS', 500],
  ['UNAUTHENTICATED', 401],
];

const UNKNOWN = 2;

/** Number of a status given by its name; UNKNOWN for a name that is none. */
export function grpcCodeOf(name: string): number {
  const code = CODES.findIndex((entry) => entry[0] === name);
  return code < 0 ? UNKNOWN : code;
}

export function httpStatusOfGrpc(code: number): number {
  return CODES[code]?.[1] ?? 500;
}

export function grpcCodeOfHttp(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return UNKNOWN;
  }
}
