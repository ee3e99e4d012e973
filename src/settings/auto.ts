/** What `heddle/auto` reads from the environment, besides what `join` reads. */
import { parseUrl } from '../base/url.js';
import { type Environment, invalid, Reader } from './reader.js';

export interface AutoSettings {
  /** Calls of the application go through the mesh. */
  readonly out: boolean;
  /** Servers of the application are ports of the mesh. */
  readonly in: boolean;
  /** Hosts that are called as if there were no mesh: `host`, `host:port`, `:port`, `*.suffix`, in lower case. */
  readonly exclude: readonly string[];
  /** Ports that are the mesh's; null: all of HTTP servers. */
  readonly ports: ReadonlySet<number> | null;
  readonly excludedPorts: ReadonlySet<number>;
}

/** Who is told of traces and metrics is no call of the application. @source OpenTelemetry, OTLP exporter configuration */
const OTLP = ['', '_TRACES', '_METRICS', '_LOGS'].map((signal) => `OTEL_EXPORTER_OTLP${signal}_ENDPOINT`);

/** @throws MeshError `HEDDLE_INVALID_SETTING` naming the variable, what it holds and what was expected */
export function readAutoSettings(environment: Environment): AutoSettings {
  const read = new Reader(environment);
  const direction = read.oneOf('HEDDLE_AUTO', ['both', 'in', 'out']) ?? 'both';
  return {
    out: direction !== 'in',
    in: direction !== 'out',
    exclude: [...excluded(read), ...places(read)],
    ports: read.list('HEDDLE_AUTO_PORTS') === undefined ? null : ports(read, 'HEDDLE_AUTO_PORTS'),
    excludedPorts: ports(read, 'HEDDLE_AUTO_EXCLUDE_INBOUND_PORTS'),
  };
}

const HOST = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?$|^\[[\da-f:.]+\]$/;

function excluded(read: Reader): readonly string[] {
  const name = 'HEDDLE_AUTO_EXCLUDE';
  return (read.list(name) ?? []).map((item) => {
    const entry = item.toLowerCase();
    const [, host, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry)!;
    if ((host === '' ? port === undefined : !HOST.test(host!)) || Number(port ?? 1) > 65_535)
      throw invalid(name, item, 'host, host:port, :port or *.suffix, with commas between them');
    return entry;
  });
}

function places(read: Reader): string[] {
  const found: string[] = [];
  for (const name of [...OTLP, 'HEDDLE_CONTROL', 'HEDDLE_POLICY']) {
    const value = read.text(name);
    if (value === undefined || !/^https?:/i.test(value)) continue;
    const url = parseUrl(value);
    if (url === null) continue;
    const { hostname, port, protocol } = url;
    found.push(`${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`);
  }
  return found;
}

function ports(read: Reader, name: string): ReadonlySet<number> {
  const numbers = (read.list(name) ?? []).map((item) => {
    const number = Number(item);
    if (!/^\d+$/.test(item) || number < 1 || number > 65_535)
      throw invalid(name, item, 'ports from 1 to 65535, with commas between them');
    return number;
  });
  return new Set(numbers);
}
