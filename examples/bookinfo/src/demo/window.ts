/** A window into the mesh: productpage for a browser, which has no identity of its own. On loopback, for `--keep` only. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Mesh } from 'heddle';
import { type Page, visit } from './load.js';

export async function openWindow(visitor: Mesh): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const user = url.searchParams.get('user') ?? '';
    const seen = await visit(visitor, user === '' ? {} : { 'end-user': user });
    response.writeHead(seen.status === 0 ? 502 : seen.status, { 'content-type': 'text/html; charset=utf-8' });
    response.end(render(user, seen.page, seen.error, seen.durationMs));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

function render(user: string, page: Page | null, error: string | null, durationMs: number): string {
  const { details, reviews } = page ?? { details: {}, reviews: {} };
  const book =
    details.author === undefined
      ? `<p class="bad">no details: ${text(details.error)}</p>`
      : `<p>by ${text(details.author)}</p>`;
  const list = (reviews.reviews ?? []).map((review) => {
    const stars =
      review.stars === undefined
        ? ''
        : `<b style="color:${text(review.color)}">${'★'.repeat(review.stars)}${'☆'.repeat(5 - review.stars)}</b>`;
    return `<li>${text(review.text)} — ${text(review.reviewer)} ${stars}</li>`;
  });
  const said = error === null ? `<ul>${list.join('')}</ul>` : `<p class="bad">${text(error)}</p>`;
  return `<!doctype html><meta charset="utf-8"><title>The Comedy of Errors</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}small{color:#666}.bad{color:#b00020}</style>
<h1>The Comedy of Errors</h1>${book}<h2>Reviews</h2>${said}
<p><small>reviews ${text(reviews.version ?? '-')}, process ${text(reviews.process ?? '-')}, ${durationMs.toFixed(0)} ms, seen by ${text(user || 'a visitor')} ·
<a href="/">visitor</a> · <a href="/?user=jason">jason</a> · <a href="/?user=alice">alice</a></small></p>`;
}

function text(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
