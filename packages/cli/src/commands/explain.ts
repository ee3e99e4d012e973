import { Command, Option } from 'commander';
import {
  explainInbound,
  explainOutbound,
  type InboundQuestion,
  type OutboundQuestion,
  type PolicyFile,
} from 'heddle/policy';
import { isMeshError } from 'heddle/ports';
import { type Context, collect, teach, withJson } from '../context.js';
import { inboundText, outboundText } from '../explanation.js';
import { readPolicyFiles } from '../files.js';
import { CliError, readInput, wrongUsage } from '../io.js';
import { type MeshOptions, pathNormalization, TRUST_DOMAIN_ALIAS } from '../mesh-options.js';

interface ExplainOptions extends MeshOptions {
  readonly filename: readonly string[];
  readonly trustDomain?: string;
  readonly outboundTrafficPolicy?: 'REGISTRY_ONLY' | 'ALLOW_ANY';
}

export function explainCommand(context: Context): Command {
  const command = new Command('explain').description(
    'Say what policy makes of one call or one exchange, and why, by the very functions that decide real ones.',
  );
  for (const make of [outboundCommand, inboundCommand]) command.addCommand(make(context));
  return teach(command, [
    [
      `echo '{"authority": "reviews:9080"}' | heddle explain outbound -f policy/`,
      'where would this call go?',
    ],
  ]);
}

function base(name: string): Command {
  return new Command(name)
    .requiredOption('-f, --filename <path...>', 'file or folder of policy; may be repeated', collect)
    .option('--trust-domain <name>', 'of the mesh; cluster.local by default');
}

function outboundCommand(context: Context): Command {
  const command = base('outbound')
    .description('Where would this call go? The call is JSON on stdin; only its authority is needed.')
    .addOption(
      new Option('--outbound-traffic-policy <policy>', 'what becomes of calls to unknown hosts').choices([
        'REGISTRY_ONLY',
        'ALLOW_ANY',
      ]),
    )
    .action((options: ExplainOptions) => outbound(options, context));
  return teach(withJson(command), [
    [
      `echo '{"authority": "reviews:9080", "headers": {"end-user": "jason"}}' | heddle explain outbound -f policy/`,
      'where do calls of jason go?',
    ],
    [
      `echo '{"source": {"namespace": "default", "labels": {}, "service": "productpage"}, "method": "GET", "scheme": "http", "authority": "reviews:9080", "path": "/", "headers": {}, "random": 0.9}' | heddle explain outbound -f policy/ --json`,
      'all that can be said of a call; random stands for every draw',
    ],
  ]);
}

function inboundCommand(context: Context): Command {
  const command = base('inbound')
    .description('Would this exchange be let in? The exchange is JSON on stdin.')
    .option(...TRUST_DOMAIN_ALIAS, collect)
    .addOption(pathNormalization())
    .action((options: ExplainOptions) => inbound(options, context));
  return teach(withJson(command), [
    [
      `echo '{"workload": {"labels": {"app": "ratings"}}, "port": 9080, "peer": {"principal": "cluster.local/ns/default/sa/reviews", "ip": "10.0.0.7"}, "method": "GET", "authority": "ratings:9080", "path": "/ratings/0"}' | heddle explain inbound -f policy/`,
      'may reviews read ratings?',
    ],
  ]);
}

async function outbound(
  { filename, trustDomain, outboundTrafficPolicy }: ExplainOptions,
  context: Context,
): Promise<void> {
  const { files, question } = await read(filename, 'call', context);
  const mesh = {
    ...(trustDomain === undefined ? {} : { trustDomain }),
    ...(outboundTrafficPolicy === undefined ? {} : { outboundTrafficPolicy }),
  };
  const answer = explained(() => explainOutbound(files, question as OutboundQuestion, { mesh }));
  if (context.json) context.printJson(answer);
  else context.print(outboundText(answer, context.style));
}

async function inbound(
  { filename, trustDomain, trustDomainAlias, pathNormalization }: ExplainOptions,
  context: Context,
): Promise<void> {
  const { files, question } = await read(filename, 'exchange', context);
  const options = {
    ...(trustDomain !== undefined && { trustDomain }),
    ...(trustDomainAlias !== undefined && { trustDomainAliases: trustDomainAlias }),
    ...(pathNormalization !== undefined && { pathNormalization }),
  };
  const answer = explained(() => explainInbound(files, question as InboundQuestion, options));
  if (context.json) context.printJson(answer);
  else context.print(inboundText(answer, context.style));
}

async function read(
  filename: readonly string[],
  what: 'call' | 'exchange',
  { io }: Context,
): Promise<{ files: readonly PolicyFile[]; question: unknown }> {
  if (filename.includes('-'))
    throw wrongUsage(`-f - cannot be used here: stdin is where the ${what} comes from`);
  const files = await readPolicyFiles(filename, io);
  const text = await readInput(io);
  const hint = `see \`heddle explain ${what === 'call' ? 'outbound' : 'inbound'} --help\` for an example`;
  if (text.trim() === '') throw wrongUsage(`there is no ${what} on stdin`, hint);
  try {
    return { files, question: JSON.parse(text) };
  } catch (error) {
    throw wrongUsage(`the ${what} on stdin is not JSON: ${(error as Error).message}`, hint);
  }
}

/** A wrong question is wrong usage; wrong policy is a failure. */
function explained<T>(explain: () => T): T {
  try {
    return explain();
  } catch (error) {
    if (!isMeshError(error)) throw error;
    const message = error.message.slice(`[${error.code}] `.length);
    if (error.code === 'HEDDLE_INVALID_ARGUMENT') throw wrongUsage(`stdin is ${message}`);
    throw new CliError(message, {
      code: 'invalid_policy',
      hint: '`heddle analyze` says all that is wrong with it',
    });
  }
}
