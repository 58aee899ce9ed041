import { BACKQUOTED, BROKEN, DIGIT_WORD, END_OF_SQL, SEMICOLON, UNRECOGNIZED } from '../lexer/token-types.ts';
import type { Reading } from '../reading/reading.ts';

const NEVER: ReadonlySet<number> = new Set([BACKQUOTED, BROKEN, DIGIT_WORD, SEMICOLON, UNRECOGNIZED]);

/** Passes over words that name nothing which matters here. */
export function toEnd(reading: Reading, statementClass: string): string {
  for (; reading.type !== END_OF_SQL; reading.at += 1) if (NEVER.has(reading.type)) reading.fail();
  return statementClass;
}
