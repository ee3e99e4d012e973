/** Where an expectation and an explanation part. */

export interface Difference {
  /** `timeout`, `headers.x-canary`. */
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

type Value = string | number | readonly string[];

export class Differences {
  readonly list: Difference[] = [];

  /** Nothing is expected of what is undefined. */
  compare(field: string, expected: Value | undefined, actual: Value): void {
    if (expected !== undefined && !sameValue(expected, actual)) this.add(field, show(expected), show(actual));
  }

  add(field: string, expected: string, actual: string): void {
    this.list.push({ field, expected, actual });
  }
}

export function sameValue(one: Value, other: Value): boolean {
  return show(one) === show(other);
}

function show(value: Value): string {
  if (typeof value === 'string') return value === '' ? "''" : value;
  return typeof value === 'number' ? String(value) : value.join(', ') || 'none';
}
