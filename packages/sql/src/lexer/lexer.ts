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
  NUMBER,
  QUOTED,
  STRING,
  UNICODE_STRING,
  UNRECOGNIZED,
} from './token-types.ts';

/** What a character begins: nothing that a statement has, unless it is a quote. */
const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;
const SYMBOL = 4;
/** A symbol that may have a second character. */
const PAIR = 5;

/** By UTF-16 code unit. */
const classes = new Uint8Array(65_536);
const assign = (found: number, characters: string) => {
  for (const character of characters) classes[character.charCodeAt(0)] = found;
};
assign(SPACE, ' \t\r\n');
assign(LETTER, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_');
assign(DIGIT, '0123456789');
assign(SYMBOL, '()[]{},;:?+*%^@');
assign(PAIR, '.=<>!-/|$');

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
    if (start >= sql.length) return this.#found(END_OF_SQL, start);
    const code = sql.charCodeAt(start);
    switch (classes[code]) {
      case LETTER:
        return this.#word(code);
      case DIGIT:
        return this.#number();
      case SYMBOL:
        return this.#found(code, start + 1);
      case PAIR:
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
    const from = this.start + 1;
    const second = sql.charCodeAt(from);
    if (second === 0x27 && (first | 0x20) === 0x78) return this.#until(BINARY, "'", from + 1);
    if (second === 0x26 && (first | 0x20) === 0x75 && sql.charCodeAt(from + 1) === 0x27)
      return this.#quoted(UNICODE_STRING, from + 1, "'");
    let hash = hashStep(0, first);
    let end = from;
    for (; end < sql.length; end += 1) {
      const code = sql.charCodeAt(end);
      const found = classes[code];
      if (found !== LETTER && found !== DIGIT) break;
      hash = hashStep(hash, code);
    }
    return this.#found(wordType(sql, this.start, end, hash), end);
  }

  #number(): number {
    const sql = this.#sql;
    let end = this.start;
    while (end < sql.length && classes[sql.charCodeAt(end)] === DIGIT) end += 1;
    const after = end < sql.length ? sql.charCodeAt(end) : 0x20;
    // A plain integer is by far the most frequent number.
    if (after !== 0x2e && classes[after] !== LETTER) return this.#found(NUMBER, end);
    const { end: numberEnd, type } = numberAt(sql, this.start);
    return this.#found(type, numberEnd);
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
    if (code === 0x2e && second < 0x80 && classes[second] === DIGIT) return this.#number();
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
  for (; at < sql.length; at += 1) {
    const code = sql.charCodeAt(at);
    if (code === 0x20 || classes[code] === SPACE) continue;
    if (code !== 0x2d && code !== 0x2f) return at;
    const end = commentEnd(sql, at, code);
    if (end === at) return at;
    at = end - 1;
  }
  return at;
}

/** `at` when no comment begins there, or it never ends. */
function commentEnd(sql: string, at: number, code: number): number {
  const second = sql.charCodeAt(at + 1);
  if (code === 0x2d) return second === 0x2d ? lineEnd(sql, at + 2) : at;
  const end = second === 0x2a ? sql.indexOf('*/', at + 2) : -1;
  return end < 0 ? at : end + 2;
}

function lineEnd(sql: string, from: number): number {
  let at = from;
  while (at < sql.length && sql[at] !== '\n' && sql[at] !== '\r') at += 1;
  return at;
}
