/**
 * IST0002: what Istio has deprecated and its validation lets pass without a word.
 * @source Istio `pkg/config/analysis/analyzers/{deprecation/deprecation,telemetry/lightstep}.go`
 */
import type { FieldPath } from '../kinds/kind.js';
import type { Analyzer, Subject } from './world.js';

export const deprecatedFields: Analyzer = ({ virtualServices, sidecars, telemetries }, report) => {
  const deprecated = (subject: Subject<unknown>, path: FieldPath, message: string) =>
    report(subject, { code: 'IST0002', level: 'warning', path, message });
  for (const subject of virtualServices.asked)
    for (const [index, { fault }] of (subject.spec.http ?? []).entries())
      if ((fault?.delay?.percent ?? 0) > 0)
        deprecated(
          subject,
          ['spec', 'http', index, 'fault', 'delay', 'percent'],
          "'percent' is deprecated; write 'percentage: { value: … }'",
        );
  for (const subject of sidecars.asked)
    if (subject.spec.outboundTrafficPolicy?.egressProxy !== undefined)
      deprecated(
        subject,
        ['spec', 'outboundTrafficPolicy', 'egressProxy'],
        "'egressProxy' is deprecated and ignored; route to the gateway with a VirtualService",
      );
  // The configuration of the mesh, which says what a provider is, is none of Heddle's documents.
  for (const subject of telemetries.asked)
    for (const [index, { providers }] of (subject.spec.tracing ?? []).entries())
      for (const [place, { name }] of (providers ?? []).entries())
        if (name?.toLowerCase() === 'lightstep')
          deprecated(
            subject,
            ['spec', 'tracing', index, 'providers', place, 'name'],
            'the provider Lightstep is deprecated; use OpenTelemetry',
          );
};
