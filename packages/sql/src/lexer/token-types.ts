// What kind of token it is, as one number: a few kinds by name, an ASCII symbol by its character code, keywords from FIRST_RESERVED on.

/** The end of the statement. */
export const END_OF_SQL = 0;
/** A character that no statement has outside of quotes. */
export const UNRECOGNIZED = 1;
/** An identifier without quotes that is no keyword. */
export const WORD = 2;
/** "An identifier". */
export const QUOTED = 3;
/** `An identifier`, which Trino reads only to refuse it. */
export const BACKQUOTED = 4;
/** 1abc, which Trino reads only to refuse it. */
export const DIGIT_WORD = 5;
export const STRING = 6;
/** U&'…' */
export const UNICODE_STRING = 7;
/** X'…' */
export const BINARY = 8;
export const NUMBER = 9;
/** $$…$$, a function's body in another language. */
export const DOLLAR_STRING = 10;
/** A quote or a comment that never ends; nothing follows it. */
export const BROKEN = 11;
/** => */
export const ARROW = 12;
/** -> */
export const LAMBDA = 13;
/** || */
export const CONCAT = 14;
/** <=, >=, <> or != */
export const COMPARISON = 15;

export const DOT = 0x2e;
export const COMMA = 0x2c;
export const OPEN = 0x28;
export const CLOSE = 0x29;
export const OPEN_INDEX = 0x5b;
export const CLOSE_INDEX = 0x5d;
export const ASTERISK = 0x2a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION_MARK = 0x3f;
export const PLUS = 0x2b;
export const MINUS = 0x2d;
export const COLON = 0x3a;

/** Reserved keywords have this number and the following ones; they are no identifiers. */
export const FIRST_RESERVED = 256;
/** Keywords from here on are identifiers, too. */
export const FIRST_NON_RESERVED = 512;
/** More than there are. */
export const TOKEN_TYPES = 1024;

/** Whether a token of this type names something where a name may stand. */
export function isIdentifier(type: number): boolean {
  return type === WORD || type === QUOTED || type >= FIRST_NON_RESERVED;
}

export const isKeyword = (type: number) => type >= FIRST_RESERVED;
