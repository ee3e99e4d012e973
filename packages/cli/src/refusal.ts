/** What the config service says no with, and why it could not be asked, in a person's words. */
import type { Message } from 'heddle/policy';
import { CliError } from './io.js';

const HINTS: Readonly<Record<string, string>> = {
  unauthenticated:
    'give the operator token with --token-file, HEDDLE_OPERATOR_TOKEN or --data; `heddle token create --operator` makes a new one',
  forbidden: 'a join token cannot do this; it takes an operator token',
  conflict: 'read it again with `heddle get -o yaml`, redo the change and apply it',
};

interface Answer {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly messages?: unknown;
}

/** @param text the body: `{"code", "message", "messages"?}` if it is the service that answers */
export function refusalOf(status: number, text: string, url: URL): CliError {
  let answer: Answer | null = null;
  try {
    answer = JSON.parse(text) as Answer | null;
  } catch {
    // Not the service's way of answering: said below.
  }
  const { code, message, messages }: Answer = answer ?? {};
  if (typeof code !== 'string' || typeof message !== 'string') {
    return new CliError(`${url.origin} answered ${status}: is it a Heddle config service?`);
  }
  const hint = HINTS[code];
  return new CliError(message, {
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(Array.isArray(messages) ? { messages: messages as Message[] } : {}),
  });
}

/** The service showed a certificate of somebody else. */
export class UntrustedError extends Error {}

export function unreachable(error: Error, { origin, protocol }: URL): CliError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ECONNREFUSED') {
    const hint = 'start it with `heddle control`, or name another one with --control';
    return new CliError(`nothing listens at ${origin}`, { code: 'unreachable', hint });
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new CliError(`the host of ${origin} has no address`, {
      code: 'unreachable',
      hint: 'check --control',
    });
  }
  if (/^(ERR_SSL|EPROTO)/.test(code)) {
    const hint = 'a service in dev mode speaks http://';
    return new CliError(`${origin} does not speak TLS`, { code: 'unreachable', hint });
  }
  if (error instanceof UntrustedError || /^(SELF_SIGNED|UNABLE_TO|CERT_|DEPTH_ZERO)/.test(code)) {
    const hint = 'somebody may stand in between; the token was not sent';
    return new CliError(`${origin} did not prove to be the config service: ${error.message}`, {
      code: 'untrusted',
      hint,
    });
  }
  const plain = protocol === 'http:' && (code === 'ECONNRESET' || code.startsWith('HPE_'));
  const hint = plain ? { hint: 'a service that is not in dev mode speaks https://' } : {};
  return new CliError(`${origin} cannot be asked: ${error.message}`, { code: 'unreachable', ...hint });
}
