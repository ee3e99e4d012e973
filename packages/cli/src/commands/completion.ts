import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.js';
import { type Context, teach } from '../context.js';

/** @param root the whole tree of commands, asked for when the script is made */
export function completionCommand(context: Context, root: () => Command): Command {
  const command = new Command('completion')
    .description('Print a script that lets a shell complete commands, options and kinds.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => context.print(completionScript(shell, root())));
  return teach(command, [
    ['source <(heddle completion bash)', 'bash: in ~/.bashrc'],
    ['source <(heddle completion zsh)', 'zsh: in ~/.zshrc, after compinit'],
    ['heddle completion fish > ~/.config/fish/completions/heddle.fish', 'fish: once'],
  ]);
}
