/**
 * Is a text an expression of CEL? Only its grammar is looked at: what the names in it mean is known when a call is there.
 * @source cel-spec `doc/langdef.md`
 */
import { parse } from '@marcbachmann/cel-js';

/** A choice of this library: expressions that people write are far shorter. */
const MAX_CHARACTERS = 4_096;

/** What is wrong with `expression`, or null. */
export function celFault(expression: string): string | null {
  if (expression.length > MAX_CHARACTERS) return `it is longer than ${MAX_CHARACTERS} characters`;
  try {
    parse(expression);
    return null;
  } catch (error) {
    // The lines after the first one draw the place.
    return error instanceof Error ? error.message.split('\n', 1)[0]! : String(error);
  }
}
