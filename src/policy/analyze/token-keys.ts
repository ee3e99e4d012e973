/**
 * IST0175: RequestAuthentications name addresses that istiod fetches keys from, and it may fetch them from everywhere. Only where istiod's
 * own Deployment is among the files: a mesh of Heddle alone has none.
 * @source Istio `pkg/config/analysis/analyzers/authn/blockedcidrs.go`
 */
import { fieldAt } from './kubernetes.js';
import type { Analyzer } from './world.js';

const SETTING = 'BLOCKED_CIDRS_IN_JWKS_URIS';

export const tokenKeys: Analyzer = ({ kubernetes, requestAuthentications }, report) => {
  const count = requestAuthentications.all.length;
  if (count === 0) return;
  for (const { parsed } of kubernetes.templates) {
    const { kind, metadata, spec } = parsed.resource;
    if (kind !== 'Deployment' || metadata.labels?.app !== 'istiod') continue;
    const containers = fieldAt(spec, ['spec', 'template', 'spec', 'containers']);
    const variables = (Array.isArray(containers) ? containers : []).flatMap((one) => fieldAt(one, ['env']));
    if (variables.some((one) => fieldAt(one, ['name']) === SETTING && fieldAt(one, ['value']))) continue;
    report(
      { parsed },
      {
        code: 'IST0175',
        level: 'warning',
        path: ['spec', 'template', 'spec', 'containers'],
        message: `${SETTING} is not set, so istiod fetches keys for ${count} RequestAuthentication(s) from any address; set it`,
      },
    );
  }
};
