/** The services of this example, each a process with an identity of its own, and the spans that they hand over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonSpan } from '@heddle/telemetry';
import { TestCa } from '@heddle/testkit';

export class Services {
  readonly #spans: JsonSpan[] = [];
  readonly #news = new EventEmitter();
  readonly #ca: TestCa;
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];

  static async create(): Promise<Services> {
    return new Services(await TestCa.create(), await mkdtemp(path(tmpdir(), 'grpc-')));
  }

  private constructor(ca: TestCa, folder: string) {
    this.#ca = ca;
    this.#folder = folder;
  }

  /** Where `HEDDLE_IDENTITY_DIR` points to: what in production comes from the config service, or from cert-manager. */
  async identityOf(name: string): Promise<string> {
    const svid = await this.#ca.svid(`spiffe://cluster.local/ns/default/sa/${name}`);
    const place = await mkdtemp(path(this.#folder, 'identity-'));
    await writeFile(path(place, 'ca.pem'), this.#ca.bundle.roots.join('\n'));
    await writeFile(path(place, 'cert.pem'), svid.chain.join('\n'));
    await writeFile(path(place, 'key.pem'), svid.key.export({ type: 'pkcs8', format: 'pem' }).toString());
    return place;
  }

  /** Resolves when it serves. */
  async start(name: string, port: string): Promise<void> {
    const env = {
      ...process.env,
      PORT: port,
      HEDDLE_SERVICE: name,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      HEDDLE_IDENTITY_DIR: await this.identityOf(name),
    };
    const [instrument, program] = ['instrument', name].map((file) => new URL(`${file}.js`, import.meta.url));
    const child = spawn(process.execPath, ['--import', instrument!.href, fileURLToPath(program!)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#children.push(child);
    child.on('message', ({ spans }: { spans: string }) => {
      for (const line of spans.trim().split('\n')) this.#spans.push(JSON.parse(line) as JsonSpan);
      this.#news.emit('spans');
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${code}`);
    });
    ended.catch(() => {});
    await Promise.race([once(child.stdout!, 'data'), ended]);
  }

  /** The name of the span by which a service served a call of this trace, as soon as it is there. */
  async served(traceId: string, name: string): Promise<string> {
    const find = () =>
      this.#spans.find((span) => span.traceId === traceId && span.kind === 'server' && span.service === name);
    while (find() === undefined) await once(this.#news, 'spans');
    return `${name} ${find()!.name}`;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const gone = once(child, 'close');
        if (child.kill('SIGTERM')) await gone;
      }),
    );
    await rm(this.#folder, { recursive: true });
  }
}
