import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type Context, teach, withJson } from '../context.js';

export function versionCommand(context: Context): Command {
  const command = new Command('version')
    .description('Show the versions of the command, of the SDK that it runs, and of Node.')
    .action(() => version(context));
  return teach(withJson(command), [['heddle version --json', 'for a bug report']]);
}

function version(context: Context): void {
  const versions = {
    heddle: cliVersion(),
    sdk: versionIn(import.meta.resolve('heddle/package.json')),
    node: process.versions.node,
  };
  if (context.json) context.printJson(versions);
  else
    context.print(
      Object.entries(versions)
        .map(([name, value]) => `${name.padEnd(6)}  ${value}\n`)
        .join(''),
    );
}

/** Of this package. */
export function cliVersion(): string {
  return versionIn(new URL('../../package.json', import.meta.url).href);
}

function versionIn(url: string): string {
  return (JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as { version: string }).version;
}
