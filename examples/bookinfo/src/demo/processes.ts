/** The processes of the demo: each service and the config service its own, as on a real machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { JsonSpan } from '@heddle/telemetry';

/** A line of an access log, as far as the demo reads it. */
export interface AccessLogLine {
  readonly method: string;
  readonly path: string;
  readonly response_code: number;
  readonly response_code_details: string;
  readonly heddle: {
    readonly peer: string | null;
    readonly policy: string | null;
    readonly rule: number | null;
    /** Of a call of gRPC. */
    readonly grpc_status?: number | null;
  };
}

export const CLI = fileURLToPath(new URL('../bin/heddle.js', import.meta.resolve('@heddle/cli')));
const INSTRUMENT = new URL('../instrument.js', import.meta.url).href;

/** One process, with what it has said. */
export class Process {
  readonly name: string;
  readonly accessLog: AccessLogLine[] = [];
  /** Lines on stderr: what the mesh and the service have to say. */
  readonly said: string[] = [];
  readonly #arguments: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #onSpan: (span: JsonSpan) => void;
  #child: ChildProcess | null = null;

  constructor(
    name: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
    onSpan: (span: JsonSpan) => void = () => {},
  ) {
    this.name = name;
    this.#arguments = args;
    this.#environment = environment;
    this.#onSpan = onSpan;
  }

  /** One of the services of this example. */
  static service(
    name: string,
    file: string,
    environment: NodeJS.ProcessEnv,
    onSpan: (span: JsonSpan) => void,
  ): Process {
    const path = fileURLToPath(new URL(`../services/${file}.js`, import.meta.url));
    return new Process(name, ['--import', INSTRUMENT, path], environment, onSpan);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    const child = spawn(process.execPath, this.#arguments, {
      env: { ...cleanEnvironment(), ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    createInterface(child.stdout!).on('line', (line) => {
      if (line.startsWith('{"start_time"')) this.accessLog.push(JSON.parse(line) as AccessLogLine);
    });
    createInterface(child.stderr!).on('line', (line) => this.said.push(line));
    child.on('message', (message: { spans?: string }) => {
      for (const line of message.spans?.trim().split('\n') ?? []) {
        if (line !== '') this.#onSpan(JSON.parse(line) as JsonSpan);
      }
    });
  }

  tell(message: object): void {
    this.#child?.send(message);
  }

  /** Ends the process and waits until it is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/** Nothing of the mesh that whoever starts the demo may happen to be in. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HEDDLE_')));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
