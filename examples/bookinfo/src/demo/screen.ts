/** What the demo prints. One line is live on a terminal; elsewhere only what stays is printed. Colours respect NO_COLOR. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export class Screen {
  readonly #live: boolean;
  readonly #colour: boolean;
  #failed = 0;
  #passed = 0;

  constructor() {
    const { NO_COLOR, FORCE_COLOR } = process.env;
    this.#live = process.stdout.isTTY === true;
    this.#colour = (this.#live || FORCE_COLOR !== undefined) && (NO_COLOR === undefined || NO_COLOR === '');
  }

  get failed(): number {
    return this.#failed;
  }

  get passed(): number {
    return this.#passed;
  }

  /** Of the demo: 1 if any check failed. */
  get exitCode(): 0 | 1 {
    return this.#failed === 0 ? 0 : 1;
  }

  title(text: string): void {
    this.line(`\n${this.style(['bold', 'cyan'], text)}`);
  }

  line(text = ''): void {
    this.#clear();
    process.stdout.write(`${text}\n`);
  }

  /** Replaces the last live text; nothing where there is no terminal. */
  live(text: string): void {
    if (!this.#live) return;
    this.#clear();
    process.stdout.write(this.style('dim', text.slice(0, (process.stdout.columns ?? 100) - 1)));
  }

  /** @returns whether it passed */
  check(passed: boolean, text: string, seen = ''): boolean {
    if (passed) this.#passed += 1;
    else this.#failed += 1;
    const mark = passed ? this.style('green', '✓') : this.style(['bold', 'red'], '✗');
    this.line(`  ${mark} ${text}${seen === '' ? '' : this.style('dim', ` (${seen})`)}`);
    return passed;
  }

  note(text: string): void {
    this.line(this.style('dim', `    ${text}`));
  }

  style(style: Style, text: string): string {
    return this.#colour ? styleText(style, text) : text;
  }

  #clear(): void {
    if (this.#live) process.stdout.write('\r\u001b[2K');
  }
}
