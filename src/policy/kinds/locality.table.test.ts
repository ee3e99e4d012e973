/**
 * Localities of a DestinationRule against Istio's own validation.
 * @source Istio `pkg/config/validation/agent/validation_test.go` (TestValidateLocalityLbSetting, …ZoneAwareLbSetting, …Localities)
 */
import { table } from './table.test.helper.js';

const SHARES = 'to: { a/b/c: 80, a/b1: 15, a/b2: 5 }';

table(
  'DestinationRule',
  [
    ['valid', 'a view of the world that says nothing', '{}'],
    ['valid', 'a view of the world that is shut', '{ enabled: false }'],
    ['valid', 'shares by place', `{ distribute: [{ from: a/b/c, ${SHARES} }] }`],
    ['valid', 'shares for every place', '{ distribute: [{ from: "*", to: { a: 100 } }] }'],
    ['invalid', 'shares of 99', '{ distribute: [{ from: a/b/c, to: { a/b/c: 80, a/b1: 19 } }] }'],
    ['invalid', 'shares of 101', '{ distribute: [{ from: a/b/c, to: { a/b/c: 80, a/b1: 21 } }] }'],
    ['invalid', 'a share of 0', '{ distribute: [{ from: a/b/c, to: { a/b/c: 100, a/b1: 0 } }] }'],
    ['invalid', 'a share of more than all', '{ distribute: [{ from: a, to: { a: 101 } }] }'],
    ['invalid', 'no shares at all', '{ distribute: [{ from: a }] }'],
    ['invalid', 'shares of nowhere', '{ distribute: [{ to: { a: 100 } }] }'],
    [
      'invalid',
      'shares and failover',
      `{ distribute: [{ from: a, ${SHARES} }], failover: [{ from: a, to: b }] }`,
    ],
    [
      'invalid',
      'shares by overlapping places',
      '{ distribute: [{ from: a/b/c, to: { a/b/c: 80, a/b: 20 } }] }',
    ],
    [
      'invalid',
      'shares of a zone after those of its region',
      `{ distribute: [{ from: a, ${SHARES} }, { from: a/b/c, ${SHARES} }] }`,
    ],
    [
      'invalid',
      'shares of a region after those of one of its zones',
      `{ distribute: [{ from: a/b/c, ${SHARES} }, { from: a, ${SHARES} }] }`,
    ],
    [
      'valid',
      'shares of all the rest after those of a zone',
      `{ distribute: [{ from: a/b/c, ${SHARES} }, { from: a/*, ${SHARES} }, { from: "*", ${SHARES} }] }`,
    ],
    [
      'invalid',
      'shares of a zone after those of all the rest',
      `{ distribute: [{ from: "*", ${SHARES} }, { from: a/b/c, ${SHARES} }] }`,
    ],
    [
      'invalid',
      'shares of a place twice',
      `{ distribute: [{ from: a/b, ${SHARES} }, { from: a/b, ${SHARES} }] }`,
    ],
    [
      'valid',
      'shares of two zones',
      `{ distribute: [{ from: a/b, ${SHARES} }, { from: a/c/*, ${SHARES} }] }`,
    ],
    ['invalid', 'shares of a place with two stars', `{ distribute: [{ from: "*/z/*", ${SHARES} }] }`],
    ['invalid', 'shares of a place with a star in front', `{ distribute: [{ from: "*/z", ${SHARES} }] }`],
    ['invalid', 'shares of a place with a gap', `{ distribute: [{ from: a//c, ${SHARES} }] }`],
    ['valid', 'failover', '{ failover: [{ from: a, to: b }] }'],
    ['valid', 'failover by labels', '{ failoverPriority: [topology.istio.io/network, app] }'],
    ['valid', 'failover by places', '{ failoverPriority: [topology.kubernetes.io/region] }'],
    [
      'valid',
      'failover of regions, then by labels',
      '{ failover: [{ from: a, to: b }], failoverPriority: [app] }',
    ],
    [
      'invalid',
      'failover of regions, then by zones',
      '{ failover: [{ from: a, to: b }], failoverPriority: [topology.kubernetes.io/zone] }',
    ],
    ['invalid', 'failover to itself', '{ failover: [{ from: a, to: a }] }'],
    ['invalid', 'failover of a zone', '{ failover: [{ from: a/b, to: c }] }'],
    ['invalid', 'failover to a zone', '{ failover: [{ from: a, to: b/c }] }'],
    ['invalid', 'failover of every region', '{ failover: [{ from: "*", to: b }] }'],
    ['invalid', 'failover from nowhere to nowhere', '{ failover: [{}] }'],
  ],
  (setting) =>
    `{ host: a, trafficPolicy: { loadBalancer: { localityLbSetting: ${setting} }, outlierDetection: {} } }`,
);

table(
  'DestinationRule',
  [
    ['valid', 'shares that nobody is ejected from', `{ distribute: [{ from: a, ${SHARES} }] }`],
    ['warning', 'failover that nobody is ejected from', '{ failover: [{ from: a, to: b }] }'],
    ['warning', 'failover by labels that nobody is ejected from', '{ failoverPriority: [app] }'],
  ],
  (setting) => `{ host: a, trafficPolicy: { loadBalancer: { localityLbSetting: ${setting} } } }`,
);

table(
  'DestinationRule',
  [
    ['valid', 'zones that are not weighed', '{ enabled: false }'],
    ['valid', 'zones that are weighed', '{}'],
    ['valid', 'zones that are weighed, with failover', '{ failover: [{ from: a, to: b }] }'],
    ['valid', 'zones that are weighed in large clusters', '{ minClusterSize: 6 }'],
    ['invalid', 'zones that are weighed in clusters of none', '{ minClusterSize: 0 }'],
    ['invalid', 'zones that are ordered twice', '{ failoverPriority: [topology.istio.io/subzone] }'],
    ['invalid', 'zones, and failover of one', '{ failover: [{ from: a/b, to: c }] }'],
    ['invalid', 'zones, and failover to itself', '{ failover: [{ from: a, to: a }] }'],
    ['invalid', 'zones, and failover to every region', '{ failover: [{ from: a, to: "*" }] }'],
  ],
  (setting) =>
    `{ host: a, trafficPolicy: { loadBalancer: { zoneAwareLbSetting: ${setting} }, outlierDetection: {} } }`,
);
