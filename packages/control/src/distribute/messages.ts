/** What workloads may say, checked: an unknown or malformed message ends the stream with a reason, never with an exception. Pure. */
import type { ListenerRegistration, RenewalOverdue, Workload, WorkloadMessage } from 'heddle/ports';
import { isLabel, isSubdomain, serviceHost } from '../names.js';

export type Hello = Extract<WorkloadMessage, { type: 'hello' }>;

export type ReadMessage =
  | { readonly ok: true; readonly message: WorkloadMessage }
  | { readonly ok: false; readonly because: string };

/** Most entries of any list or map in a message. */
const MAX_ITEMS = 10_000;
const MAX_TEXT = 1_024;
/**
 * What is registered travels to every workload, in each endpoint: a single one must not be able to make a message that the others
 * refuse, or that is longer than the protocol allows.
 */
const MAX_LISTENERS = 100;
const MAX_LABELS = 100;
/** Of a label's name (a DNS name, a slash and 63 more), its value, a locality, the workload's own name. */
const MAX_PUBLISHED = 317;
/** A host name. @source RFC 1123 §2.1 */
const MAX_ADDRESS = 255;

/** Reads one line. */
export function readMessage(line: string): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, because: 'a line is not JSON' };
  }
  try {
    return { ok: true, message: message(object(value, 'a message')) };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, because: error.message };
    throw error;
  }
}

class Malformed extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function message(fields: Fields): WorkloadMessage {
  switch (fields.type) {
    case 'hello':
      return hello(fields);
    case 'listen':
      return { type: 'listen', listeners: listeners(fields.listeners) };
    case 'accepted':
      return { type: 'accepted', revision: whole(fields.revision, 'revision'), ...trusts(fields) };
    case 'refused':
      return {
        type: 'refused',
        revision: whole(fields.revision, 'revision'),
        because: list(fields.because, 'because', 100).map((item) => text(item, 'because').slice(0, MAX_TEXT)),
        ...trusts(fields),
      };
    case 'certificate':
      return { type: 'certificate', expiresAt: whole(fields.expiresAt, 'expiresAt'), ...late(fields) };
    case 'ping':
      return { type: 'ping' };
    default:
      throw new Malformed('a message has an unknown type; update the config service');
  }
}

function trusts({ bundle }: Fields): { readonly bundle?: string } {
  return bundle === undefined ? {} : { bundle: short(bundle, 'bundle', MAX_PUBLISHED) };
}

function late({ overdue }: Fields): { readonly overdue?: RenewalOverdue } {
  if (overdue === undefined) return {};
  const { stage, because } = object(overdue, 'overdue');
  if (stage !== 'half' && stage !== 'three-quarters' && stage !== 'expired')
    throw new Malformed('overdue.stage is not known; update the config service');
  return { overdue: { stage, because: text(because, 'overdue.because').slice(0, MAX_TEXT) } };
}

function hello(fields: Fields): Hello {
  const expiresAt = fields.certificateExpiresAt ?? null;
  return {
    type: 'hello',
    protocol: whole(fields.protocol, 'protocol'),
    workload: workload(object(fields.workload, 'workload')),
    hosts: list(fields.hosts, 'hosts', MAX_ITEMS).map((host) => short(host, 'hosts')),
    have: texts(fields.have, 'have'),
    revision: whole(fields.revision, 'revision'),
    listeners: listeners(fields.listeners),
    certificateExpiresAt: expiresAt === null ? null : whole(expiresAt, 'certificateExpiresAt'),
    ...late(fields),
  };
}

function workload(fields: Fields): Workload {
  const { namespace, serviceAccount, service } = fields;
  if (!isLabel(namespace)) throw new Malformed('workload.namespace is not a DNS label');
  if (!isSubdomain(serviceAccount)) throw new Malformed('workload.serviceAccount is not a DNS name');
  if (service !== '' && serviceHost(short(service, 'workload.service'), namespace) === undefined) {
    throw new Malformed('workload.service is not a service of its namespace');
  }
  return {
    namespace,
    serviceAccount,
    service: service as string,
    name: short(fields.name, 'workload.name', MAX_PUBLISHED),
    labels: texts(fields.labels, 'workload.labels', { items: MAX_LABELS, characters: MAX_PUBLISHED }),
    ...(fields.locality === undefined
      ? {}
      : { locality: short(fields.locality, 'workload.locality', MAX_PUBLISHED) }),
  };
}

function listeners(value: unknown): ListenerRegistration[] {
  return list(value, 'listeners', MAX_LISTENERS).map((item) => {
    const fields = object(item, 'listeners');
    return {
      service: short(fields.service, 'listeners.service'),
      servicePort: port(fields.servicePort, 'listeners.servicePort'),
      portName: short(fields.portName, 'listeners.portName'),
      protocol: short(fields.protocol, 'listeners.protocol'),
      address: address(fields.address),
      port: port(fields.port, 'listeners.port'),
      mtls: fields.mtls === true,
    };
  });
}

function address(value: unknown): string {
  const given = short(value, 'listeners.address', MAX_ADDRESS);
  if (!/^[A-Za-z0-9.:_-]+$/.test(given)) throw new Malformed('listeners.address is not an address');
  return given;
}

function object(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Malformed(`${what} is not an object`);
  }
  return value as Fields;
}

function list(value: unknown, what: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is not a list`);
  if (value.length > max) throw new Malformed(`${what} has more than ${max} items`);
  return value;
}

function texts(
  value: unknown,
  what: string,
  { items, characters } = { items: 2 * MAX_ITEMS, characters: MAX_TEXT },
): Record<string, string> {
  const entries = Object.entries(object(value, what));
  if (entries.length > items) throw new Malformed(`${what} has more than ${items} entries`);
  return Object.fromEntries(
    entries.map(([name, item]) => [short(name, what, characters), short(item, what, characters)]),
  );
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Malformed(`${what} is not a string`);
  return value;
}

function short(value: unknown, what: string, characters = MAX_TEXT): string {
  const given = text(value, what);
  if (given.length > characters) throw new Malformed(`${what} is longer than ${characters} characters`);
  return given;
}

function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new Malformed(`${what} is not a whole number`);
  return value as number;
}

function port(value: unknown, what: string): number {
  const number = whole(value, what);
  if (number < 1 || number > 65_535) throw new Malformed(`${what} is not a port`);
  return number;
}
