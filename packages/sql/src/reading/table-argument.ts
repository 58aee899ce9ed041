import { K } from '../lexer/keywords.ts';
import { CLOSE, OPEN } from '../lexer/token-types.ts';
import { startsQuery } from './ahead.ts';
import type { Reading } from './reading.ts';
import { tableMention } from './table-mention.ts';

/** `TABLE(name)` or `TABLE(query)`, as table functions take it. */
export function tableArgument(reading: Reading): void {
  reading.expect(K.TABLE, OPEN);
  if (startsQuery(reading, reading.at)) reading.nested(() => reading.query());
  else tableMention(reading);
  reading.expect(CLOSE);
}
