/**
 * Faults, mirrors and CORS of a rule: what their schemas cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateHTTPFaultInjection, validateCORSPolicy; spec validation.md §2
 */
import {
  checkDestination,
  checkDuration,
  checkFraction,
  checkHttpStatus,
  checkStringMatch,
  GRPC_STATUSES,
  HTTP_METHODS,
  isToken,
} from './common.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';
import type { HttpRouteSpec } from './virtual-service.js';

export function checkFault(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const { fault } = route;
  if (fault === undefined) return;
  const { abort, delay } = fault;
  if (abort === undefined && delay === undefined)
    findings.error(path, "nothing goes wrong: expected 'delay' or 'abort'");
  if (delay !== undefined) {
    const at = [...path, 'delay'];
    checkFraction(delay.percentage?.value, [...at, 'percentage', 'value'], findings);
    if (delay.percent !== undefined && (delay.percent < 0 || delay.percent > 100))
      findings.info(
        [...at, 'percent'],
        `${delay.percent} is not a percentage: it counts as ${delay.percent < 0 ? 0 : 100}; write percentage.value`,
      );
    if (delay.exponentialDelay !== undefined)
      findings.error([...at, 'exponentialDelay'], 'exponential delays are not supported; write fixedDelay');
    if (delay.fixedDelay === undefined && delay.exponentialDelay === undefined)
      findings.info(at, "the delay does nothing: set 'fixedDelay'");
    checkDuration(delay.fixedDelay, [...at, 'fixedDelay'], findings);
  }
  if (abort === undefined) return;
  const at = [...path, 'abort'];
  checkFraction(abort.percentage?.value, [...at, 'percentage', 'value'], findings);
  if (abort.http2Error !== undefined)
    findings.error([...at, 'http2Error'], 'HTTP/2 errors are not supported');
  if (abort.httpStatus !== undefined && abort.grpcStatus !== undefined)
    findings.error(at, "'httpStatus' and 'grpcStatus' exclude each other");
  if (abort.httpStatus !== undefined) checkHttpStatus(abort.httpStatus, [...at, 'httpStatus'], findings);
  if (abort.grpcStatus !== undefined && !GRPC_STATUSES.includes(abort.grpcStatus))
    findings.error([...at, 'grpcStatus'], `'${abort.grpcStatus}' is not a gRPC status, e.g. UNAVAILABLE`);
  if (abort.httpStatus === undefined && abort.grpcStatus === undefined && abort.http2Error === undefined)
    findings.warning(at, "the abort does nothing: set 'httpStatus' or 'grpcStatus'");
}

export function checkMirrors(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  if (route.mirrorPercent !== undefined) {
    findings.warning(
      [...path, 'mirrorPercent'],
      "'mirrorPercent' is deprecated; write mirrorPercentage.value",
    );
    if (route.mirrorPercent > 100)
      findings.error(
        [...path, 'mirrorPercent'],
        `${route.mirrorPercent} is not a percentage: expected 0 to 100`,
      );
  }
  if (route.mirror_percent !== undefined)
    findings.unsupported(
      [...path, 'mirror_percent'],
      'Heddle does not read this old spelling; write mirrorPercentage.value',
    );
  if (route.mirror !== undefined) checkDestination(route.mirror, [...path, 'mirror'], findings);
  checkMirrorPercentage(route.mirrorPercentage?.value, [...path, 'mirrorPercentage', 'value'], findings);
  for (const [index, mirror] of (route.mirrors ?? []).entries()) {
    const at = [...path, 'mirrors', index];
    if (mirror.destination === undefined) findings.error(at, "'destination' is missing");
    else checkDestination(mirror.destination, [...at, 'destination'], findings);
    checkMirrorPercentage(mirror.percentage?.value, [...at, 'percentage', 'value'], findings);
  }
}

function checkMirrorPercentage(value: number | undefined, path: FieldPath, findings: Findings): void {
  if (value !== undefined && !(value >= 0 && value <= 100))
    findings.error(path, `${value} is not a percentage: expected 0 to 100`);
}

export function checkCors(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const cors = route.corsPolicy;
  if (cors === undefined) return;
  for (const [index, origin] of (cors.allowOrigins ?? []).entries()) {
    const at = [...path, 'allowOrigins', index];
    if (!origin.exact && !origin.prefix && !origin.regex)
      findings.error(at, 'expected one of exact, prefix, regex, and not an empty one');
    else checkStringMatch(origin, at, findings);
  }
  for (const [index, method] of (cors.allowMethods ?? []).entries())
    if (method !== '*' && !HTTP_METHODS.includes(method))
      findings.error([...path, 'allowMethods', index], `'${method}' is not an HTTP method`);
  for (const field of ['allowHeaders', 'exposeHeaders'] as const)
    for (const [index, name] of (cors[field] ?? []).entries())
      if (!isToken(name)) findings.error([...path, field, index], `'${name}' is not the name of a header`);
  checkDuration(cors.maxAge, [...path, 'maxAge'], findings);
  const age = cors.maxAge === undefined ? null : parseDuration(cors.maxAge);
  if (age !== null && age % 1000 !== 0)
    findings.error([...path, 'maxAge'], `'${cors.maxAge}' is not a whole number of seconds`);
}
