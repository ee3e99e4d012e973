/**
 * One text over HTTPS, from outside of the mesh: the keys of a cluster, the bundle of another trust domain. What is asked was named by
 * an operator, so there are no redirects: whoever answers must not choose where we look next.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { PeerCertificate } from 'node:tls';

export interface HttpsTextOptions {
  /** Longer answers are refused, bytes. */
  readonly maxLength: number;
  readonly signal: AbortSignal;
  /** Instead of the platform's roots, PEM. */
  readonly ca?: readonly string[];
  /** Instead of the check by host name. */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
  /** Sent as `authorization: Bearer`. */
  readonly bearer?: string;
}

/**
 * Rejects for anything but a 200 that is not too long, for a certificate that is not good, and with the reason of `signal`.
 * @param url `https:` only
 */
export function httpsText(url: string, options: HttpsTextOptions): Promise<string> {
  const { maxLength, signal, ca, checkServerIdentity, bearer } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (!/^https:/i.test(url)) throw new Error('it is not an https URL');
    const sent = request(url, {
      agent: false,
      signal,
      minVersion: 'TLSv1.2',
      headers: {
        accept: 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(ca === undefined ? {} : { ca: [...ca] }),
      ...(checkServerIdentity === undefined ? {} : { checkServerIdentity }),
    });
    const fail = (error: Error) => {
      reject(signal.aborted ? signal.reason : error);
      sent.destroy();
    };
    sent.on('error', fail);
    sent.on('response', (response) => {
      const { statusCode = 0 } = response;
      if (statusCode !== 200) return fail(new Error(`it answered ${statusCode}, 200 was expected`));
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > maxLength) fail(new Error(`it is longer than ${maxLength} bytes`));
        else parts.push(part);
      });
      response.on('error', fail);
      response.on('close', () => fail(new Error('the answer ended early')));
      response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    });
    sent.end();
  });
}

/** Files that are named in settings, each time anew: certificates and tokens are replaced. @throws what the file system says */
export function readSmallFile(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (text.length > 1024 * 1024) throw new Error(`${path} is longer than 1 MiB`);
  return text;
}
