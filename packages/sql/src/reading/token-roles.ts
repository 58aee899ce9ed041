import { K } from '../lexer/keywords.ts';
import {
  ARROW,
  ASTERISK,
  BINARY,
  CLOSE,
  CLOSE_INDEX,
  COLON,
  COMMA,
  COMPARISON,
  CONCAT,
  DOT,
  EQUALS,
  FIRST_NON_RESERVED,
  LAMBDA,
  MINUS,
  NUMBER,
  OPEN,
  OPEN_INDEX,
  PLUS,
  QUESTION_MARK,
  QUOTED,
  STRING,
  TOKEN_TYPES,
  UNICODE_STRING,
  WORD,
} from '../lexer/token-types.ts';

// What a token means within an expression.

// No role, 0: what ends an expression unless something is open, and what no expression has.
export const LITERAL = 1;
/** An operator, or a word that an operand follows. */
export const OPERATOR = 2;
export const IDENTIFIER = 3;
export const OPENING = 4;
export const CLOSING = 5;
export const CASE_BEGIN = 6;
export const CASE_END = 7;
export const SEPARATOR = 8;
export const STAR = 9;
export const QUALIFIER = 10;
export const ALIAS_NEXT = 11;

/** By token type. */
export const roles = new Uint8Array(TOKEN_TYPES);

const assign = (role: number, types: readonly number[]) => {
  for (const type of types) roles[type] = role;
};

for (let type = FIRST_NON_RESERVED; type < TOKEN_TYPES; type += 1) roles[type] = IDENTIFIER;
assign(IDENTIFIER, [WORD, QUOTED]);
assign(LITERAL, [STRING, UNICODE_STRING, BINARY, NUMBER, QUESTION_MARK]);
assign(LITERAL, [
  K.NULL,
  K.TRUE,
  K.FALSE,
  K.CURRENT_CATALOG,
  K.CURRENT_DATE,
  K.CURRENT_PATH,
  K.CURRENT_ROLE,
  K.CURRENT_SCHEMA,
  K.CURRENT_TIME,
  K.CURRENT_TIMESTAMP,
  K.CURRENT_USER,
  K.LOCALTIME,
  K.LOCALTIMESTAMP,
]);
assign(OPERATOR, [EQUALS, COMPARISON, CONCAT, ARROW, LAMBDA, PLUS, MINUS, COLON]);
assign(
  OPERATOR,
  [...'<>/%{}|^$'].map((character) => character.charCodeAt(0)),
);
assign(OPERATOR, [
  K.AND,
  K.BETWEEN,
  K.BY,
  K.CAST,
  K.CUBE,
  K.DISTINCT,
  K.ELSE,
  K.ESCAPE,
  K.EXISTS,
  K.EXTRACT,
  K.GROUPING,
  K.IN,
  K.IS,
  K.JSON_ARRAY,
  K.JSON_EXISTS,
  K.JSON_OBJECT,
  K.JSON_QUERY,
  K.JSON_VALUE,
  K.LIKE,
  K.LISTAGG,
  K.NORMALIZE,
  K.NOT,
  K.OR,
  K.ROLLUP,
  K.SKIP,
  K.TRIM,
  K.UESCAPE,
]);
assign(OPENING, [OPEN, OPEN_INDEX]);
assign(CLOSING, [CLOSE, CLOSE_INDEX]);
assign(CASE_BEGIN, [K.CASE]);
assign(CASE_END, [K.END]);
assign(SEPARATOR, [COMMA]);
assign(STAR, [ASTERISK]);
assign(QUALIFIER, [DOT]);
assign(ALIAS_NEXT, [K.AS]);

/** Whether an operand can begin with it. */
export function startsOperand(type: number): boolean {
  const role = roles[type];
  return role === LITERAL || role === IDENTIFIER || role === CASE_BEGIN || type === K.CAST || type === K.NOT;
}
