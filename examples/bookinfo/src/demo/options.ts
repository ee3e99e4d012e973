/** What the demo can be asked for. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly keep: boolean;
  readonly patient: boolean;
  readonly grpc: boolean;
  /** Numbers of those that are played. */
  readonly acts: ReadonlySet<number>;
}

const USAGE = `Usage: npm run demo -- [--grpc] [--acts N,…] [--keep] [--patient]

  --grpc      reviews asks ratings by gRPC instead of HTTP
  --acts N,…  plays these alone, such as 4,6
  --keep      leaves everything running, and says what to try next
  --patient   allows five times as long, for machines that are busy with other things
`;

/** Ends the process if it was asked for help, or for what there is not. */
export function readOptions(count: number): Options {
  const given = parse();
  if (given.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const all = Array.from({ length: count }, (_, index) => index + 1);
  const acts = given.acts === undefined ? all : given.acts.split(',').map(Number);
  const wrong = acts.find((act) => !all.includes(act));
  if (wrong !== undefined) refuse(`There are acts 1 to ${count}, and not what --acts says.`);
  return { ...given, acts: new Set(acts) };
}

function parse() {
  try {
    const no = { type: 'boolean', default: false } as const;
    const options = { keep: no, patient: no, grpc: no, acts: { type: 'string' }, help: no } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(because: string): never {
  process.stderr.write(`${because}\n${USAGE}`);
  process.exit(2);
}
