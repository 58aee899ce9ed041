import { Lexer } from './lexer.ts';
import { END_OF_SQL } from './token-types.ts';

/** All tokens of a statement; the last one is END_OF_SQL. */
export type TokenList = {
  sql: string;
  types: Uint16Array;
  starts: Int32Array;
  ends: Int32Array;
};

export function tokenList(sql: string): TokenList {
  const lexer = new Lexer(sql);
  let room = (sql.length >> 2) + 16;
  let types = new Uint16Array(room);
  let starts = new Int32Array(room);
  let ends = new Int32Array(room);
  for (let count = 0; ; count += 1) {
    if (count === room) {
      room *= 2;
      types = grown(types, new Uint16Array(room));
      starts = grown(starts, new Int32Array(room));
      ends = grown(ends, new Int32Array(room));
    }
    const type = lexer.next();
    types[count] = type;
    starts[count] = lexer.start;
    ends[count] = lexer.end;
    if (type === END_OF_SQL) return { sql, types, starts, ends };
  }
}

function grown<T extends Uint16Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
