import { hashStep, wordType } from './keywords.ts';
import { numberAt } from './numbers.ts';
import {
  ARROW,
  BACKQUOTED,
  BINARY,
  BROKEN,
  COMPARISON,
  CONCAT,
  DOLLAR_STRING,
  END_OF_SQL,
  LAMBDA,
  QUOTED,
  STRING,
  UNICODE_STRING,
  UNRECOGNIZED,
} from './token-types.ts';

/** What a character begins. */
const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;
const SYMBOL = 4;

const classes = new Uint8Array(128);
for (const character of ' \t\r\n') classes[character.charCodeAt(0)] = SPACE;
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')
  classes[character.charCodeAt(0)] = LETTER;
for (const character of '0123456789') classes[character.charCodeAt(0)] = DIGIT;
for (const character of '()[]{},.;:?=<>!+-*/%|^$@') classes[character.charCodeAt(0)] = SYMBOL;

const classOf = (code: number) => (code < 128 ? (classes[code] ?? 0) : 0);

/**
 * Reads the tokens of a statement, one after the other, by the lexical rules of Trino's SqlBase.g4. Linear, whatever the text is.
 * Comments and white space are no tokens.
 */
export class Lexer {
  /** Of the token that was read last. */
  type = END_OF_SQL;
  start = 0;
  end = 0;
  readonly #sql: string;

  constructor(sql: string, from = 0) {
    this.#sql = sql;
    this.end = from;
  }

  /** Reads the next token, and tells its type. */
  next(): number {
    const sql = this.#sql;
    const start = afterGap(sql, this.end);
    this.start = start;
    const code = sql.charCodeAt(start);
    switch (start >= sql.length ? -1 : classOf(code)) {
      case -1:
        return this.#found(END_OF_SQL, start);
      case LETTER:
        return this.#word(code);
      case DIGIT:
        return this.#number();
      case SYMBOL:
        return this.#symbol(code);
      default:
        if (code === 0x27) return this.#quoted(STRING, start, "'");
        if (code === 0x22) return this.#quoted(QUOTED, start, '"');
        if (code === 0x60) return this.#quoted(BACKQUOTED, start, '`');
        return this.#found(UNRECOGNIZED, start + (sql.codePointAt(start) === code ? 1 : 2));
    }
  }

  #found(type: number, end: number): number {
    this.type = type;
    this.end = end;
    return type;
  }

  #word(first: number): number {
    const sql = this.#sql;
    if (sql.charCodeAt(this.start + 1) === 0x26 && (first | 0x20) === 0x75 && sql.charCodeAt(this.start + 2) === 0x27)
      return this.#quoted(UNICODE_STRING, this.start + 2, "'");
    if (sql.charCodeAt(this.start + 1) === 0x27 && (first | 0x20) === 0x78)
      return this.#until(BINARY, "'", this.start + 2);
    let hash = hashStep(0, first);
    let end = this.start + 1;
    for (;;) {
      const code = sql.charCodeAt(end);
      const found = classOf(code);
      if (found !== LETTER && found !== DIGIT) break;
      hash = hashStep(hash, code);
      end += 1;
    }
    return this.#found(wordType(sql, this.start, end, hash), end);
  }

  #number(): number {
    const { end, type } = numberAt(this.#sql, this.start);
    return this.#found(type, end);
  }

  /** A quote at `open`, in which the doubled quote stands for itself. */
  #quoted(type: number, open: number, quote: string): number {
    const sql = this.#sql;
    let at = sql.indexOf(quote, open + 1);
    while (at >= 0 && sql[at + 1] === quote) at = sql.indexOf(quote, at + 2);
    return at < 0 ? this.#found(BROKEN, sql.length) : this.#found(type, at + 1);
  }

  #until(type: number, closing: string, from: number): number {
    const at = this.#sql.indexOf(closing, from);
    return at < 0 ? this.#found(BROKEN, this.#sql.length) : this.#found(type, at + closing.length);
  }

  #symbol(code: number): number {
    const sql = this.#sql;
    const second = sql.charCodeAt(this.start + 1);
    if (code === 0x2e && classOf(second) === DIGIT) return this.#number();
    const pair = pairs.get((code << 8) | second);
    if (pair !== undefined) {
      // A comment that ended would have been skipped.
      if (pair === BROKEN) return this.#found(BROKEN, sql.length);
      if (pair === DOLLAR_STRING) return this.#until(DOLLAR_STRING, '$$', this.start + 2);
      return this.#found(pair, this.start + 2);
    }
    return this.#found(code, this.start + 1);
  }
}

const pairs: ReadonlyMap<number, number> = new Map(
  (
    [
      ['=>', ARROW],
      ['->', LAMBDA],
      ['||', CONCAT],
      ['<=', COMPARISON],
      ['>=', COMPARISON],
      ['<>', COMPARISON],
      ['!=', COMPARISON],
      ['/*', BROKEN],
      ['$$', DOLLAR_STRING],
    ] as const
  ).map(([text, type]) => [(text.charCodeAt(0) << 8) | text.charCodeAt(1), type]),
);

/** Where white space and comments end. Bracketed comments don't nest in Trino. */
function afterGap(sql: string, from: number): number {
  let at = from;
  for (;;) {
    const code = sql.charCodeAt(at);
    if (classOf(code) === SPACE) at += 1;
    else if (code === 0x2d && sql.charCodeAt(at + 1) === 0x2d) at = lineEnd(sql, at + 2);
    else if (code === 0x2f && sql.charCodeAt(at + 1) === 0x2a) {
      const end = sql.indexOf('*/', at + 2);
      if (end < 0) return at;
      at = end + 2;
    } else return at;
  }
}

function lineEnd(sql: string, from: number): number {
  let at = from;
  while (at < sql.length && sql[at] !== '\n' && sql[at] !== '\r') at += 1;
  return at;
}
