/** Metadata as header fields, and back. @source grpc `doc/PROTOCOL-HTTP2.md`, Custom-Metadata */
import { Metadata } from '@grpc/grpc-js';
import { emptyFields, type HeaderFields } from 'heddle/ports';
import { ACCEPTED, type Coding } from './compression.js';

/** What an application sends. The authority of a call is no metadata. */
export function fieldsOf(metadata: Metadata): HeaderFields {
  const fields = emptyFields();
  const given = metadata.toHttp2Headers();
  for (const name in given) if (name !== 'host') fields[name] = given[name] as string | string[];
  return fields;
}

/** What is the protocol's own business, and comes to an application in another way if at all. */
const RESERVED: ReadonlySet<string> = new Set([
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message',
  'grpc-status',
]);

/** What an application receives. Fields that can be no metadata are left out. */
export function metadataOf(fields: HeaderFields): Metadata {
  const metadata = new Metadata();
  for (const name in fields) {
    if (RESERVED.has(name)) continue;
    const value = fields[name]!;
    if (typeof value === 'string') add(metadata, name, value);
    else for (const one of value) add(metadata, name, one);
  }
  return metadata;
}

function add(metadata: Metadata, name: string, value: string): void {
  try {
    if (!name.endsWith('-bin')) metadata.add(name, value);
    // Several values may have been joined on their way: base64 has no comma.
    else for (const one of value.split(',')) metadata.add(name, Buffer.from(one.trim(), 'base64'));
  } catch {
    // grpc-js refuses what is neither a legal name nor a legal value.
  }
}

/** Adds what every call says of itself. @param coding by which messages are compressed; null: by none @source grpc `doc/PROTOCOL-HTTP2.md`, Requests */
export function complete(fields: HeaderFields, userAgent: string, coding: Coding | null): void {
  fields['content-type'] = 'application/grpc';
  fields.te = 'trailers';
  fields['user-agent'] = userAgent;
  fields['grpc-accept-encoding'] = ACCEPTED;
  if (coding !== null) fields['grpc-encoding'] = coding;
  else if (fields['grpc-encoding'] !== undefined) delete fields['grpc-encoding'];
}
