/** Policy files named on the command line: files, folders, or `-` for stdin. */
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodePolicy, type Message, type PolicyFile } from 'heddle/policy';
import { CliError, type Io, readInputBytes, wrongUsage } from './io.js';

const POLICY_FILE = /\.(ya?ml|json)$/i;
/** As many as a workload reads from a folder of policy; larger is most likely not policy. */
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_DEPTH = 16;

/**
 * The files at `paths`, in that order; of a folder every `*.yaml`, `*.yml` and `*.json` below it, by name, without those that start
 * with a dot. Names are as they were written on the command line, so that findings can be clicked on.
 * @param unreadable hears of files that are not UTF-8; without it they end the command
 * @throws CliError exit code 2 for what is not there or cannot be read; 1 with the findings for what is not UTF-8
 */
export async function readPolicyFiles(
  paths: readonly string[],
  io: Io,
  unreadable?: (message: Message) => void,
): Promise<PolicyFile[]> {
  const files: PolicyFile[] = [];
  const messages: Message[] = [];
  let bytes = 0;
  const add = (file: string, content: Uint8Array) => {
    bytes += content.length;
    if (files.length + messages.length >= MAX_FILES || bytes > MAX_TOTAL_BYTES) {
      throw wrongUsage(`there are more than ${MAX_FILES} files or ${MAX_TOTAL_BYTES} bytes of policy`);
    }
    const decoded = decodePolicy(file, content);
    if ('text' in decoded) files.push({ file, text: decoded.text });
    else messages.push(decoded.message);
  };
  for (const path of paths) {
    if (path === '-') add('<stdin>', await readInputBytes(io));
    else for (const file of await filesAt(path)) add(file, await read(file));
  }
  if (messages.length > 0 && unreadable === undefined)
    throw new CliError('there are files that cannot be read as text', { messages });
  for (const message of messages) unreadable?.(message);
  return files;
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await isFolder(path))) return [path];
  const found = await filesBelow(path, 0);
  if (found.length === 0) throw wrongUsage(`there is no *.yaml, *.yml or *.json below ${path}`);
  return found;
}

async function filesBelow(folder: string, depth: number): Promise<string[]> {
  if (depth > MAX_DEPTH)
    throw wrongUsage(`${folder} lies more than ${MAX_DEPTH} folders deep; is it a loop of links?`);
  const names = (await attempt(folder, readdir(folder))).filter((name) => !name.startsWith('.')).sort();
  const found: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const entry = await attempt(path, stat(path));
    if (entry.isDirectory()) found.push(...(await filesBelow(path, depth + 1)));
    else if (POLICY_FILE.test(name)) {
      // A pipe waits for a writer for ever; a device may have no end. Whoever means one names it.
      if (!entry.isFile()) throw wrongUsage(`${path} is neither a file nor a folder`);
      found.push(path);
    }
  }
  return found;
}

async function isFolder(path: string): Promise<boolean> {
  return (await attempt(path, stat(path))).isDirectory();
}

async function read(path: string): Promise<Uint8Array> {
  const entry = await attempt(path, stat(path));
  const tooLong = () => wrongUsage(`${path} is longer than ${MAX_TOTAL_BYTES} bytes`);
  if (entry.size > MAX_TOTAL_BYTES) throw tooLong();
  if (entry.isFile()) return attempt(path, readFile(path));
  // How much a pipe or a device has to say is known when it has ended.
  const content = await attempt(path, readUpTo(path));
  if (content === null) throw tooLong();
  return content;
}

/** null: it is longer. */
async function readUpTo(path: string): Promise<Uint8Array | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_TOTAL_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @throws CliError exit code 2, with what the file system says in a person's words */
export async function attempt<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw wrongUsage(`there is no file or folder ${path}`);
    if (code === 'EACCES') throw wrongUsage(`${path} may not be read by this user`);
    throw wrongUsage(`${path} cannot be read: ${message}`);
  }
}
