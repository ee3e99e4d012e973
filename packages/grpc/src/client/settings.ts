/** What a channel's options say, read once. Those that say how to connect, balance and retry say nothing: that is policy's business. */
import type { CallCredentials, ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { type Coding, codingOf } from './compression.js';

/** Most bytes of a message that is received, where nobody says anything: grpc-js's. */
const MOST_RECEIVED = 4 * 1024 * 1024;
const UNLIMITED = -1;
const NAME = 'grpc-node-heddle/0.1.0';

/** grpc-js's channel options, and the credentials where nobody else hands them in. */
export interface MeshChannelOptions extends ChannelOptions {
  /** @default insecure: as policy says, which in a mesh is mutual TLS */
  readonly credentials?: ChannelCredentials;
}

export interface ChannelSettings {
  readonly maxReceived: number;
  readonly maxSent: number;
  readonly coding: Coding;
  readonly userAgent: string;
  /** In the place of the target's; null: the target's. */
  readonly authority: string | null;
  /** The caller asked for TLS: where policy says plain text its calls are refused. */
  readonly scheme: 'http' | 'https';
  /** Those of the channel; null: none. */
  readonly callCredentials: CallCredentials | null;
}

export function settingsOf(options: MeshChannelOptions): ChannelSettings {
  const { credentials } = options;
  const parts = [options['grpc.primary_user_agent'], NAME, options['grpc.secondary_user_agent']];
  return {
    maxReceived: options['grpc.max_receive_message_length'] ?? MOST_RECEIVED,
    maxSent: options['grpc.max_send_message_length'] ?? UNLIMITED,
    coding: codingOf(options['grpc.default_compression_algorithm']),
    userAgent: parts.filter((part) => part).join(' '),
    authority: options['grpc.default_authority'] ?? null,
    scheme: credentials?._isSecure() === true ? 'https' : 'http',
    callCredentials: callCredentialsOf(credentials),
  };
}

/** grpc-js keeps them beside the channel's own credentials, where `credentials.combineChannelCredentials` puts them. */
function callCredentialsOf(credentials: ChannelCredentials | undefined): CallCredentials | null {
  const composed = credentials as { readonly callCredentials?: CallCredentials } | undefined;
  return composed?.callCredentials ?? null;
}
