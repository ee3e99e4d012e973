import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type PolicyTestReport, runPolicyTests } from 'heddle/policy';
import { type Context, teach, withJson } from '../context.js';
import { attempt, readPolicyFiles } from '../files.js';
import { CliError, EXIT, wrongUsage } from '../io.js';
import { junitXml } from '../junit.js';
import { testText } from '../test-report.js';

interface TestOptions {
  readonly filter?: string;
  readonly junit?: string;
}

export function testCommand(context: Context): Command {
  const command = new Command('test')
    .description('Run the expectations (kind PolicyTest) that stand next to policy, without a mesh.')
    .argument('<path...>', 'file or folder of policy and its tests')
    .option('--filter <text>', 'run only cases whose "namespace/test: case" holds this text')
    .option('--junit <file>', 'write the results as JUnit XML too, for CI')
    .action((paths: readonly string[], options: TestOptions) => run(paths, options, context));
  return teach(withJson(command), [
    ['heddle test policy/', 'everything in a folder: exit code 1 if a case fails'],
    ['heddle test policy/ --filter jason', 'only some cases'],
    ['heddle test policy/ --junit results.xml', 'in CI'],
  ]);
}

async function run(paths: readonly string[], options: TestOptions, context: Context): Promise<void> {
  const files = await readPolicyFiles(paths, context.io);
  const { filter, junit } = options;
  const report = runPolicyTests(files, filter === undefined ? {} : { filter });
  if (!report.valid) {
    if (!context.json)
      throw new CliError('policy or tests are not right; no case was run', { messages: report.messages });
    context.exit = EXIT.failure;
    return context.printJson(report);
  }
  requireCases(report, paths, filter);
  if (junit !== undefined) await attempt(junit, writeFile(junit, junitXml(report)));
  if (context.json) context.printJson(report);
  else context.print(testText(report, context.style));
  if (report.failed > 0) context.exit = EXIT.failure;
}

/** A run that asks nothing must not look like one that passed. */
function requireCases({ cases, skipped }: PolicyTestReport, paths: readonly string[], filter = ''): void {
  if (cases.length > 0) return;
  if (skipped > 0) throw wrongUsage(`none of ${skipped} cases has '${filter}' in its name`);
  throw wrongUsage(
    `there is no policy test in ${paths.join(', ')}`,
    'write one: a document of apiVersion heddle.dev/v1 and kind PolicyTest, with spec.cases',
  );
}
