/**
 * `multipart/form-data` as a Blob of its parts: its length is known before it is sent, and it can be sent again.
 * @source HTML standard, multipart/form-data encoding algorithm; RFC 7578
 */
import { randomBytes } from 'node:crypto';

/** A form of this or another copy of the fetch API. */
export function isForm(body: unknown): body is FormData {
  return (
    body instanceof FormData ||
    (typeof body === 'object' && body !== null && Reflect.get(body, Symbol.toStringTag) === 'FormData')
  );
}

export function multipart(form: FormData): Blob {
  // In lower case: a Blob's type has no other.
  const boundary = `----heddle-form-${randomBytes(16).toString('hex')}`;
  const parts: (string | Blob)[] = [];
  for (const [name, value] of form as unknown as Iterable<[string, string | File]>) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(lines(name))}"`;
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${lines(value)}\r\n`);
    else {
      const type = value.type === '' ? 'application/octet-stream' : value.type;
      parts.push(`${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n');
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return new Blob(parts, { type: `multipart/form-data; boundary=${boundary}` });
}

function quoted(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

function lines(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}
