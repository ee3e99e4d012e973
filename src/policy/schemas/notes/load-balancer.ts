import { type Notes, no, partly, yes } from '../note.js';

/** @param path of the block */
export function loadBalancerNotes(path: string): Notes {
  const notes: Notes = {
    simple: partly(
      'LEAST_REQUEST (two choices), ROUND_ROBIN, RANDOM; PASSTHROUGH goes to the host that the caller names',
      {
        default: 'LEAST_REQUEST',
      },
    ),
    consistentHash: yes('sticky calls: ring or Maglev; at random where nothing is named to hash'),
    'consistentHash.httpHeaderName': yes('its value is hashed'),
    'consistentHash.httpCookie.name': yes('its value is hashed'),
    'consistentHash.httpCookie.path': yes('of the cookie that is made'),
    'consistentHash.httpCookie.ttl': yes(
      'with it a caller without the cookie is given one; without it none is made',
    ),
    'consistentHash.httpCookie.attributes': yes('of the cookie that is made'),
    'consistentHash.useSourceIp': yes('of the exchange being served'),
    'consistentHash.httpQueryParameterName': yes('its value is hashed'),
    'consistentHash.ringHash.minimumRingSize': yes('points on the ring', { default: 1024 }),
    'consistentHash.maglev.tableSize': yes('a prime', { default: 65537 }),
    'consistentHash.minimumRingSize': yes('deprecated'),
    'consistentHash.httpCookie': yes('a cookie'),
    'consistentHash.ringHash': yes('the default'),
    'consistentHash.maglev': yes('in place of a ring'),
    backendUtilization: no('servers report no load; LEAST_REQUEST counts what is in flight'),
    localityLbSetting: yes('how localities share the calls'),
    'localityLbSetting.distribute[]': yes('shares of the calls of a locality among others'),
    'localityLbSetting.distribute[].from': yes('`region/zone/sub-zone`, with `*` at the end'),
    'localityLbSetting.distribute[].to': yes('by locality, in percent; together 100'),
    'localityLbSetting.failover[]': yes(
      'where calls go when the own region is short of healthy endpoints; needs outlierDetection',
    ),
    'localityLbSetting.failover[].from': yes('a region'),
    'localityLbSetting.failover[].to': yes('a region'),
    'localityLbSetting.failoverPriority': yes(
      'labels, the first that differs decides how far an endpoint is away',
    ),
    'localityLbSetting.enabled': yes('prefers the nearest locality; needs outlierDetection', {
      default: true,
    }),
    zoneAwareLbSetting: partly(
      'calls stay in the region, evenly over its zones (told as HDL0006): how callers are spread over zones is not known',
    ),
    'zoneAwareLbSetting.failover': yes('where calls go when the own region is short of healthy endpoints'),
    'zoneAwareLbSetting.failoverPriority': yes('as that of `localityLbSetting`'),
    'zoneAwareLbSetting.enabled': yes('false: localities do not count', { default: true }),
    warmup: yes('slow start'),
    'warmup.duration': yes('slow start of new endpoints, for LEAST_REQUEST and ROUND_ROBIN'),
    'warmup.minimumPercent': yes('of its share that a new endpoint begins with', { default: 10 }),
    'warmup.aggression': yes('above 1 the share grows faster at first', { default: 1 }),
    warmupDurationSecs: partly('deprecated, told as HDL0006: write `warmup.duration`'),
  };
  return Object.fromEntries(Object.entries(notes).map(([field, note]) => [`${path}.${field}`, note]));
}
