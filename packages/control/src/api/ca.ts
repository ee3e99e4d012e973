/** `/v1/ca`: the authority itself, for operators: its roots and intermediates, what it issued, and to whom it issues. */
import { X509Certificate } from 'node:crypto';
import { exportPkcs12, toPem } from 'heddle/security';
import { parse } from 'yaml';
import type { Authority } from '../issuer/authority.js';
import type { RootPhase } from '../issuer/ca-state.js';
import { readIssuancePolicy } from '../issuer/issuance-policy.js';
import type { IssuedLog, IssuedRecord } from '../issuer/issued.js';
import type { KeyFiles } from '../issuer/key-files.js';
import { type Brought, readBrought } from '../issuer/material.js';
import type { Succession } from '../issuer/succession.js';
import { because, type Log } from '../log.js';
import { nameOf } from './authenticate.js';
import { ApiError } from './errors.js';
import { type ApiRequest, readJson, send, sendJson } from './request.js';
import type { Route } from './router.js';

/** All times in milliseconds since the epoch. */
export interface AuthorityInfo {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of the DER, hex; of a root: the pin of join tokens. */
  readonly fingerprint: string;
  /** Hex; what `heddle ca deny --key` takes. */
  readonly keyId: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether its private key is here. */
  readonly hasKey: boolean;
}

export interface RootInfo extends AuthorityInfo {
  readonly phase: RootPhase;
  readonly since: number;
  /** Announced: signs at the latest then. Retiring: leaves the bundle then. */
  readonly until: number | null;
}

export interface IntermediateInfo extends AuthorityInfo {
  /** Fingerprint. */
  readonly root: string;
  readonly signs: boolean;
}

export interface CaStatus {
  readonly trustDomain: string;
  readonly roots: readonly RootInfo[];
  readonly intermediates: readonly IntermediateInfo[];
  /** Workloads of which it is not known that they trust the present bundle. */
  readonly lagging: readonly string[];
}

export interface IssuedList {
  readonly items: readonly IssuedRecord[];
}

export interface CaServices {
  readonly authority: Authority;
  readonly files: KeyFiles;
  readonly issued: IssuedLog;
  readonly succession: Succession;
  readonly lagging: () => Promise<readonly string[]>;
  readonly clock: ApiRequest['clock'];
  readonly log: Log;
}

/** Whoever has the file and guesses the passphrase can issue any identity. */
const MIN_PASSPHRASE = 8;
const MAX_PEM_BYTES = 256 * 1024;
const MAX_POLICY_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 30 * 86_400_000;
const MAX_LISTED = 10_000;

export function caRoutes(services: CaServices): Route[] {
  const route = (
    method: Route['method'],
    path: string,
    handle: (services: CaServices, request: ApiRequest) => Promise<void>,
  ): Route => ({ method, path, access: 'operator', handle: (request) => handle(services, request) });
  return [
    route('GET', '/v1/ca', status),
    route('POST', '/v1/ca/p12', exportAuthority),
    route('POST', '/v1/ca/rotate', rotate),
    route('POST', '/v1/ca/request', requestIntermediate),
    route('POST', '/v1/ca/install', install),
    route('POST', '/v1/ca/retire', retire),
    route('GET', '/v1/ca/issued', listIssued),
    route('GET', '/v1/ca/policy', async ({ authority }, { response }) =>
      sendJson(response, authority.policy),
    ),
    route('PUT', '/v1/ca/policy', setPolicy),
  ];
}

async function status({ authority, files, lagging }: CaServices, { response }: ApiRequest): Promise<void> {
  const { state, trustDomain } = authority;
  const answer: CaStatus = {
    trustDomain,
    roots: state.roots.map(({ phase, since, until, ...root }) => ({
      ...infoOf(root, files.has('root', root.fingerprint)),
      ...{ phase, since, until },
    })),
    intermediates: state.intermediates.map((one) => ({
      ...infoOf(one, files.has('intermediate', one.fingerprint)),
      ...{ root: one.root, signs: one.fingerprint === state.signing },
    })),
    lagging: await lagging(),
  };
  sendJson(response, answer);
}

/** Body: `{passphrase}`. Answer: the certificate and private key of the root that signs as PKCS#12, for a backup. */
async function exportAuthority({ authority, log }: CaServices, request: ApiRequest): Promise<void> {
  const { passphrase } = await readJson(request, 4_096);
  if (typeof passphrase !== 'string' || passphrase.length < MIN_PASSPHRASE) {
    throw new ApiError(400, 'invalid', `passphrase must have ${MIN_PASSPHRASE} characters or more`);
  }
  const pair = authority.rootPair();
  if (pair === undefined)
    throw new ApiError(409, 'conflict', 'the key of the root is not here: back it up where it lies');
  const body = await exportPkcs12({ chain: [pair.certificate], key: pair.key }, passphrase);
  log({ level: 'warn', event: 'ca.exported', fields: { author: nameOf(request.principal) } });
  send(request.response, { type: 'application/x-pkcs12', body });
}

/** Body: `{what: 'root' | 'intermediate', waitMs?}`. Answer: the new one's fingerprint. */
async function rotate({ succession }: CaServices, request: ApiRequest): Promise<void> {
  const { what, waitMs } = await fieldsOf(request, ['what', 'waitMs'], 4_096);
  const author = nameOf(request.principal);
  if (what === 'intermediate') {
    const { fingerprint } = await succession.rotateIntermediate(author);
    sendJson(request.response, { fingerprint });
  } else if (what === 'root') {
    const { fingerprint } = await succession.rotateRoot({ author, waitMs: waitOf(waitMs) });
    sendJson(request.response, { fingerprint });
  } else throw wrong('what is root or intermediate');
}

/** Answer: `{request}`, PKCS#10 in PEM: an intermediate is to be signed for a key that stays here. */
async function requestIntermediate({ succession }: CaServices, request: ApiRequest): Promise<void> {
  const der = await succession.requestIntermediate(nameOf(request.principal));
  sendJson(request.response, { request: toPem('CERTIFICATE REQUEST', der) });
}

/** Body: `{pem, waitMs?}`: an authority with its key, or without it what was signed for the last request. An intermediate of the root that signs takes over; another root is announced. */
async function install(
  { authority, succession, files, clock }: CaServices,
  request: ApiRequest,
): Promise<void> {
  const { pem, waitMs } = await fieldsOf(request, ['pem', 'waitMs'], MAX_PEM_BYTES);
  if (typeof pem !== 'string') throw wrong('pem is a text');
  const { trustDomain, roots } = authority;
  const options = { trustDomain, known: roots, wallNow: clock.wallNow() };
  const brought = readBrought(pem, { ...options, key: files.requested() });
  const author = nameOf(request.principal);
  if (brought.intermediate !== null && isKnown(brought, roots)) {
    const { fingerprint } = await succession.rotateIntermediate(author, brought);
    forgetRequest(files, brought);
    sendJson(request.response, { what: 'intermediate', fingerprint });
  } else {
    const { fingerprint } = await succession.rotateRoot({ brought, author, waitMs: waitOf(waitMs) });
    forgetRequest(files, brought);
    sendJson(request.response, { what: 'root', fingerprint });
  }
}

/** The key has a place of its own, with its certificate. */
function forgetRequest(files: KeyFiles, { intermediate }: Brought): void {
  const waiting = files.requested();
  if (waiting !== undefined && intermediate?.pair.key.equals(waiting) === true) files.removeRequested();
}

/** Body: `{root}`: its fingerprint, or the beginning of it. */
async function retire({ succession }: CaServices, request: ApiRequest): Promise<void> {
  const { root } = await fieldsOf(request, ['root'], 4_096);
  if (typeof root !== 'string' || !/^[0-9a-f]{8,64}$/.test(root))
    throw wrong('root is 8 to 64 hex digits: its fingerprint, or the beginning of it');
  const { fingerprint } = await succession.retire(root, nameOf(request.principal));
  sendJson(request.response, { fingerprint });
}

/** `?id=…&serial=…&origin=…&limit=…` */
async function listIssued({ issued }: CaServices, { url, response }: ApiRequest): Promise<void> {
  const { searchParams: query } = url;
  const serial = query.get('serial')?.toLowerCase();
  if (serial !== undefined && !/^[0-9a-f]{8,40}$/.test(serial)) throw wrong('serial is in hex');
  const limit = Number(query.get('limit') ?? 1_000);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED)
    throw wrong(`limit is a whole number from 1 to ${MAX_LISTED}`);
  const spiffeId = query.get('id') ?? undefined;
  const origin = query.get('origin') ?? undefined;
  sendJson(response, { items: await issued.list({ serial, spiffeId, origin, limit }) } satisfies IssuedList);
}

/** Body: the policy, or `{yaml: …}` with its text. */
async function setPolicy({ authority, log }: CaServices, request: ApiRequest): Promise<void> {
  const body = await readJson(request, MAX_POLICY_BYTES);
  const policy = readIssuancePolicy(typeof body.yaml === 'string' ? fromYaml(body.yaml) : body);
  await authority.setPolicy(policy);
  const fields = { rules: policy.rules.length, author: nameOf(request.principal) };
  log({ level: 'warn', event: 'ca.policy', fields });
  sendJson(request.response, policy);
}

function fromYaml(text: string): unknown {
  try {
    // No aliases: a few lines of them can stand for gigabytes.
    return parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw wrong(`the issuance policy is not YAML: ${because(error)}`);
  }
}

function infoOf(
  { certificate, fingerprint, keyId }: Pick<AuthorityInfo, 'certificate' | 'fingerprint' | 'keyId'>,
  hasKey: boolean,
): AuthorityInfo {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [notBefore, notAfter] = [Date.parse(validFrom), Date.parse(validTo)];
  return { certificate, fingerprint, keyId, notBefore, notAfter, hasKey };
}

function isKnown({ root }: Brought, roots: readonly string[]): boolean {
  const { fingerprint256 } = new X509Certificate(root);
  return roots.some((one) => new X509Certificate(one).fingerprint256 === fingerprint256);
}

function waitOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_WAIT_MS)
    return value as number;
  throw wrong(`waitMs is a whole number from 0 to ${MAX_WAIT_MS}`);
}

async function fieldsOf(request: ApiRequest, known: readonly string[], maxBytes: number) {
  const body = await readJson(request, maxBytes);
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(`${unknown} is not known; there are ${known.join(', ')}`);
  return body;
}

function wrong(because: string): ApiError {
  return new ApiError(400, 'invalid', because);
}
