import { Lexer } from './lexer.ts';
import { END_OF_SQL } from './token-types.ts';

/** All tokens of a statement; the last one is END_OF_SQL. */
export type TokenList = {
  sql: string;
  types: Uint16Array;
  starts: Int32Array;
  ends: Int32Array;
};

type Room = Omit<TokenList, 'sql'>;

const roomFor = (tokens: number): Room => ({
  types: new Uint16Array(tokens),
  starts: new Int32Array(tokens),
  ends: new Int32Array(tokens),
});

/** Used again for every statement that has no more tokens: making room takes longer than reading a short statement. */
const shared = roomFor(8_192);

/** More of them take too long to go through. */
export const MOST_TOKENS = 400_000;

/** The tokens hold until the next call. Undefined when they are more than MOST_TOKENS. */
export function tokenList(sql: string): TokenList | undefined {
  const lexer = new Lexer(sql);
  let room = shared;
  let { types, starts, ends } = room;
  for (let count = 0; ; count += 1) {
    if (count === types.length) {
      if (count >= MOST_TOKENS) return undefined;
      room = grown(room, Math.min(count * 4, MOST_TOKENS));
      ({ types, starts, ends } = room);
    }
    const type = lexer.next();
    types[count] = type;
    starts[count] = lexer.start;
    ends[count] = lexer.end;
    if (type === END_OF_SQL) return { sql, types, starts, ends };
  }
}

function grown(from: Room, tokens: number): Room {
  const to = roomFor(tokens);
  to.types.set(from.types);
  to.starts.set(from.starts);
  to.ends.set(from.ends);
  return to;
}
