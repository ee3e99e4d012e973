/**
 * Path templates of `paths`: `{*}` is one segment, `{**}` any number of them.
 * @source Istio `pkg/config/security/security.go` (grammar); Envoy `uri_template` (meaning)
 */
import type { TextTest } from './matchers.js';

export function isPathTemplate(value: string): boolean {
  return value.includes('{*}') || value.includes('{**}');
}

/** RFC 3986 pchar, but for the star, which would be taken for an operator. */
const LITERAL = /^[A-Za-z0-9\-._~%!$&'()+,;:@=]+$/;

/** @returns what is wrong with a path that has braces, and what to write; null if nothing is */
export function checkPathTemplate(path: string): string | null {
  if (!/[{}]/.test(path)) return null;
  let open = false;
  for (const segment of path.replace(/^\/+|\/+$/g, '').split('/')) {
    const operator = segment === '{*}' || segment === '{**}';
    if (operator && open) return `"${segment}" stands after "{**}", which must be the last operator`;
    if (segment === '{**}') open = true;
    if (operator) continue;
    if (/[{}]/.test(segment)) return `"${segment}" must be a whole "{*}" or "{**}", or have no braces`;
    if (!isPathTemplate(path)) continue;
    if (segment.includes('*')) return `"${segment}" has a plain "*"; in a template write "{*}" or "{**}"`;
    if (!LITERAL.test(segment)) return `"${segment}" has characters that no path segment can have (RFC 3986)`;
  }
  return null;
}

/**
 * `{*}` takes one segment that is not empty; `{**}` takes any text, slashes too, so that `/a/{**}` matches `/a/` and `/a/b/c` but
 * not `/a`. The template must have passed {@link checkPathTemplate}.
 */
export function pathTemplateTest(template: string): TextTest {
  // Safe as a backtracking expression: `[^/]+` ends at its slash, and there is at most one `.*`.
  const source = template
    .split('/')
    .map((segment) => (segment === '{*}' ? '[^/]+' : segment === '{**}' ? '.*' : escapeLiteral(segment)))
    .join('/');
  const expression = new RegExp(`^${source}$`, 's');
  return (path) => expression.test(path);
}

function escapeLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
