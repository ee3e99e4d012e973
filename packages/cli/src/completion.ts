/** Shell completion, written out from the tree of commands: nothing runs while the user types but the shell itself. */
import type { Command, Option } from 'commander';
import { KIND_NAMES } from './kinds.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command, and what may follow it. */
interface Place {
  /** `token create`; empty for `heddle` itself. */
  readonly path: string;
  readonly about: string;
  /** Sub-commands, or the choices of the first argument. */
  readonly words: readonly { readonly word: string; readonly about: string }[];
  readonly options: readonly Option[];
}

export function completionScript(shell: Shell, root: Command): string {
  const places = placesOf(root, '');
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      // zsh runs bash completion as it is; so there is one script to get right.
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
    case 'fish':
      return fish(places);
  }
}

function placesOf(command: Command, path: string): Place[] {
  const children = command.commands;
  const [argument] = command.registeredArguments;
  const choices = argument?.name() === 'kind' ? KIND_NAMES : (argument?.argChoices ?? []);
  const words =
    children.length > 0
      ? children.map((child) => ({ word: child.name(), about: child.description() }))
      : choices.map((word) => ({ word, about: '' }));
  const place: Place = { path, about: command.description(), words, options: command.options };
  return [place, ...children.flatMap((child) => placesOf(child, `${path} ${child.name()}`.trim()))];
}

function bash(places: readonly Place[]): string {
  const words = places.map(({ path, words, options }) => {
    const all = [...words.map(({ word }) => word), ...options.flatMap(flagsOf), '--help'];
    return `    ${quote(path)}) words=${quote(all.join(' '))} ;;`;
  });
  const values = places.flatMap(({ path, options }) =>
    options
      .filter((option) => option.required || option.optional)
      .flatMap((option) =>
        flagsOf(option).map((flag) => {
          const given = option.argChoices?.join(' ');
          const reply =
            given === undefined ? files(option) : `COMPREPLY=($(compgen -W ${quote(given)} -- "$current"))`;
          return `    ${quote(`${path} ${flag}`.trim())}) ${reply}; return ;;`;
        }),
      ),
  );
  const known = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `# heddle completion
_heddle() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="" place="" words="" index word
  COMPREPLY=()
  if [ "$COMP_CWORD" -gt 0 ]; then previous="\${COMP_WORDS[COMP_CWORD-1]}"; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "\${place:+$place }$word" in
    ${known.join(' | ')}) place="\${place:+$place }$word" ;;
    esac
  done
  case "\${place:+$place }$previous" in
${values.join('\n')}
  esac
  case "$place" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _heddle heddle
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, options }) => {
    const names = path === '' ? [] : path.split(' ');
    const children = words.map(({ word }) => word).join(' ');
    const here = names.map((name) => `__fish_seen_subcommand_from ${name}`);
    const first = [...here, ...(children === '' ? [] : [`not __fish_seen_subcommand_from ${children}`])];
    const when = (conditions: readonly string[]) =>
      conditions.length === 0 ? '' : ` -n ${quote(conditions.join('; and '))}`;
    return [
      ...words.map(
        ({ word, about }) => `complete -c heddle -f${when(first)} -a ${quote(word)} -d ${quote(about)}`,
      ),
      ...options.map((option) => `complete -c heddle${when(here)} ${fishOption(option)}`),
    ];
  });
  return `# heddle completion\ncomplete -c heddle -f\n${lines.join('\n')}\n`;
}

function fishOption(option: Option): string {
  const parts = [
    option.short === undefined ? '' : `-s ${option.short.slice(1)}`,
    option.long === undefined ? '' : `-l ${option.long.slice(2)}`,
    option.required ? '-r' : '',
    option.argChoices !== undefined ? `-f -a ${quote(option.argChoices.join(' '))}` : '',
    option.required && isPath(option) ? '-F' : '',
    `-d ${quote(option.description)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function files(option: Option): string {
  if (!isPath(option)) return 'return';
  return `COMPREPLY=($(compgen -${/dir/.test(option.flags) ? 'd' : 'f'} -- "$current"))`;
}

function isPath(option: Option): boolean {
  return /<(path|file|dir)/.test(option.flags);
}

function flagsOf(option: Option): string[] {
  return [option.short, option.long].filter((flag) => flag !== undefined);
}

/** For all three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
