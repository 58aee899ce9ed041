import { Lexer } from './lexer.ts';
import { identifierText, stringText, unicodeText } from './literals.ts';
import {
  BACKQUOTED,
  BINARY,
  BROKEN,
  DIGIT_WORD,
  DOLLAR_STRING,
  END_OF_SQL,
  isKeyword,
  NUMBER,
  QUOTED,
  STRING,
  UNICODE_STRING,
  WORD,
} from './token-types.ts';

/** One token of a statement; comments and whitespace are none. */
export type SqlToken =
  /** A keyword or an identifier without quotes, as written. */
  | { kind: 'word'; text: string }
  /** A "quoted identifier", without its quotes. */
  | { kind: 'quoted'; text: string }
  /** A string literal, decoded: '' is one quote, U&'\0041' its characters. */
  | { kind: 'string'; text: string }
  /** As written; also a word that begins with a digit. */
  | { kind: 'number'; text: string }
  /** `=>`, `||`, or any other sign. */
  | { kind: 'symbol'; text: string }
  /** Quoted in another way. */
  | { kind: 'other' }
  /** A quote or a comment that never ends, or a literal that cannot be decoded; nothing follows it. */
  | { kind: 'broken' };

/** A token, and where in the statement it begins. */
export type PlacedToken = { token: SqlToken; at: number };

/** The tokens of a statement, read on demand in one pass. */
export function* sqlTokens(sql: string): Generator<SqlToken, void, void> {
  for (const { token } of placedTokens(sql)) yield token;
}

/** The same, with their places. */
export function* placedTokens(sql: string): Generator<PlacedToken, void, void> {
  const lexer = new Lexer(sql);
  for (;;) {
    if (lexer.next() === END_OF_SQL) return;
    const at = lexer.start;
    const token = tokenOf(sql, lexer);
    yield { token, at };
    if (token.kind === 'broken') return;
  }
}

/** The token that was just read, and for a literal with escapes its UESCAPE clause. */
function tokenOf(sql: string, lexer: Lexer): SqlToken {
  const { type, start, end } = lexer;
  switch (type) {
    case STRING:
      return { kind: 'string', text: stringText(sql, start, end) };
    case UNICODE_STRING: {
      const { text, end: clauseEnd } = unicodeText(sql, start, end);
      lexer.end = clauseEnd;
      return text === undefined ? { kind: 'broken' } : { kind: 'string', text };
    }
    case QUOTED:
      return { kind: 'quoted', text: identifierText(sql, type, start, end) };
    case NUMBER:
    case DIGIT_WORD:
      return { kind: 'number', text: sql.slice(start, end) };
    case BROKEN:
      return { kind: 'broken' };
    case BINARY:
    case DOLLAR_STRING:
    case BACKQUOTED:
      return { kind: 'other' };
    default:
      return { kind: type === WORD || isKeyword(type) ? 'word' : 'symbol', text: sql.slice(start, end) };
  }
}
