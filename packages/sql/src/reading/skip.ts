import { CLOSE, COMMA, END_OF_SQL, OPEN } from '../lexer/token-types.ts';
import type { Reading } from './reading.ts';

/** Reads `(a, b)`. */
export function skipNames(reading: Reading): void {
  reading.expect(OPEN);
  do reading.identifier();
  while (reading.take(COMMA));
  reading.expect(CLOSE);
}

/** Reads a type, up to the bracket that closes what is around it. */
export function skipType(reading: Reading): void {
  for (let depth = 0; depth > 0 || reading.type !== CLOSE; reading.at += 1) {
    if (reading.type === END_OF_SQL) reading.fail();
    if (reading.type === OPEN) depth += 1;
    if (reading.type === CLOSE) depth -= 1;
  }
}

/** Reads brackets and what is in them, whatever it is. */
export function skipBrackets(reading: Reading): void {
  reading.expect(OPEN);
  skipType(reading);
  reading.expect(CLOSE);
}
