/**
 * `/v1/resources`, `/v1/apply`, `/v1/analyze`: policy in and out, as JSON or YAML. The ETag of a resource is its revision; `If-Match`
 * makes a change conditional on it, `If-None-Match: *` on its not being there.
 */
import type { PolicyFile, Resource } from 'heddle/policy';
import type { ApplyAnswer, ApplyOptions, Publisher } from '../publish/publisher.js';
import { toYaml } from '../publish/yaml.js';
import { nameOf } from './authenticate.js';
import { ApiError } from './errors.js';
import { type ApiRequest, parseJsonObject, readBody, send, sendJson } from './request.js';
import type { Route } from './router.js';

/** The policy of a large mesh has a few megabytes. */
const MAX_BYTES = 8 * 1024 * 1024;
const ONE = '/v1/resources/:kind/:namespace/:name';

export function resourceRoutes(publisher: Publisher): Route[] {
  const route = (
    method: Route['method'],
    path: string,
    handle: (request: ApiRequest) => Promise<void>,
  ): Route => {
    return { method, path, access: 'operator', handle };
  };
  return [
    route('GET', '/v1/resources', (request) => list(publisher, request)),
    route('GET', ONE, (request) => get(publisher, request)),
    route('PUT', ONE, (request) => put(publisher, request)),
    route('DELETE', ONE, (request) => remove(publisher, request)),
    route('POST', '/v1/apply', (request) =>
      apply(publisher, request, request.url.searchParams.get('dryRun') === 'true'),
    ),
    route('POST', '/v1/analyze', (request) => apply(publisher, request, true)),
  ];
}

async function list(publisher: Publisher, request: ApiRequest): Promise<void> {
  const { searchParams } = request.url;
  const revision = await publisher.revision();
  const filter = { kind: searchParams.get('kind'), namespace: searchParams.get('namespace') };
  const items = await publisher.list(filter);
  if (wantsYaml(request)) sendYaml(request, items, {});
  else sendJson(request.response, { revision, items });
}

async function get(publisher: Publisher, request: ApiRequest): Promise<void> {
  const { kind, namespace, name } = targetOf(request);
  const resource = await publisher.get(kind, namespace, name);
  if (resource === undefined)
    throw new ApiError(404, 'not_found', `there is no ${kind} ${namespace}/${name}`);
  const headers = { etag: `"${resource.metadata.resourceVersion}"` };
  if (wantsYaml(request)) sendYaml(request, [resource], headers);
  else sendJson(request.response, resource, { headers });
}

async function put(publisher: Publisher, request: ApiRequest): Promise<void> {
  const files = await readFiles(request);
  const options = { ...optionsOf(request, false), ...conditionOf(request), expected: targetOf(request) };
  const answer: ApplyAnswer = await publisher.apply(files, options);
  const [written] = answer.results;
  const headers = { etag: `"${written?.resourceVersion}"` };
  sendJson(request.response, answer, { status: written?.result === 'created' ? 201 : 200, headers });
}

async function remove(publisher: Publisher, request: ApiRequest): Promise<void> {
  const target = targetOf(request);
  const revision = await publisher.remove(target, {
    author: nameOf(request.principal),
    ...conditionOf(request),
  });
  sendJson(request.response, { revision, results: [{ ...target, result: 'deleted' }] });
}

async function apply(publisher: Publisher, request: ApiRequest, dryRun: boolean): Promise<void> {
  const files = await readFiles(request);
  sendJson(request.response, await publisher.apply(files, optionsOf(request, dryRun)));
}

/** Several files in one body, so that findings name file and line as their author knows them. */
export const FILES_TYPE = 'application/vnd.heddle.files+json';

/** The body is documents, or with {@link FILES_TYPE} `{"files": [{"file", "text"}]}`. */
async function readFiles(request: ApiRequest): Promise<readonly PolicyFile[]> {
  const text = await readBody(request, MAX_BYTES);
  if (!(request.raw.headers['content-type'] ?? '').startsWith(FILES_TYPE)) return [{ file: '', text }];
  const { files } = parseJsonObject(text);
  if (!Array.isArray(files)) throw new ApiError(400, 'invalid', 'files is not a list');
  return files.map((item: Partial<PolicyFile> | null) => {
    if (typeof item?.file !== 'string' || typeof item.text !== 'string' || item.file.includes('\0')) {
      throw new ApiError(400, 'invalid', 'each of files has a file (its name) and a text');
    }
    return { file: item.file, text: item.text };
  });
}

function optionsOf(request: ApiRequest, dryRun: boolean): ApplyOptions {
  const strict = request.url.searchParams.get('strict') === 'true';
  return { author: nameOf(request.principal), strict, dryRun };
}

function conditionOf({ raw }: ApiRequest): { ifRevision?: number } {
  const match = raw.headers['if-match'];
  if (match !== undefined && match !== '*') {
    const revision = /^"(\d{1,15})"$/.exec(match)?.[1];
    if (revision === undefined)
      throw new ApiError(400, 'invalid', 'If-Match is the ETag of the resource: "42"');
    return { ifRevision: Number(revision) };
  }
  return raw.headers['if-none-match'] === '*' ? { ifRevision: 0 } : {};
}

function targetOf({ params }: ApiRequest) {
  return { kind: params.kind!, namespace: params.namespace!, name: params.name! };
}

function wantsYaml({ raw, url }: ApiRequest): boolean {
  return url.searchParams.get('format') === 'yaml' || /\byaml\b/.test(raw.headers.accept ?? '');
}

function sendYaml(
  request: ApiRequest,
  resources: readonly Resource[],
  headers: Record<string, string>,
): void {
  send(request.response, { type: 'application/yaml', headers, body: toYaml(resources) });
}
