import { K } from '../lexer/keywords.ts';
import {
  ARROW,
  ASTERISK,
  CLOSE,
  CLOSE_INDEX,
  isIdentifier,
  LAMBDA,
  OPEN,
  OPEN_INDEX,
  STRING,
  UNICODE_STRING,
} from '../lexer/token-types.ts';
import { afterLambdaParameters, startsClause, startsQuery, startsSetOperation } from './ahead.ts';
import {
  bracketStart,
  columnMention,
  intervalEnd,
  NORMAL_FORMS,
  ROW_PATTERN_WORDS,
  starMention,
  UNCLEAR_BRACKETS,
} from './expression-words.ts';
import type { Reading } from './reading.ts';
import { skipBrackets, skipNames, skipType } from './skip.ts';
import { tableArgument } from './table-argument.ts';
import * as role from './token-roles.ts';

const {
  ALL,
  ANY,
  ARRAY,
  AT,
  BY,
  CASE,
  CAST,
  CURRENT,
  DEFAULT,
  DISTINCT,
  DOUBLE,
  FOLLOWING,
  FOR,
  FROM,
  GROUP,
  INTERVAL,
  IS,
  JSON_TABLE,
  NORMALIZE,
  NOT,
  ON,
  ORDER,
  PASSING,
  PLAN,
  PRECEDING,
  PRECISION,
  ROW,
  SOME,
  TABLE,
  THEN,
  TIME,
  TRY_CAST,
  WHEN,
  WHERE,
  WITH,
  WITHIN,
  ZONE,
} = K;

/** Where expressions stand, and so what ends them. */
export type Place = 'list' | 'one' | 'operand';

/** Reserved words that stand in brackets: EXTRACT(… FROM …), FILTER (WHERE …), array_agg(… ORDER BY …) and the like. */
const IN_BRACKETS: ReadonlySet<number> = new Set([FROM, ORDER, WHERE, WHEN, THEN, FOR]);
/** After these in brackets there are words, no operands: ON OVERFLOW, WITH WRAPPER, ON EMPTY. */
const BEFORE_WORDS: ReadonlySet<number> = new Set([ON, WITH]);

/**
 * Reads expressions, and what stands in them of queries: a list of them, `one`, or one `operand` with operators that no alias ends.
 * Nothing is made of them; brackets and CASE are counted, so that no depth of nesting is too deep.
 */
export function expressions(reading: Reading, place: Place = 'list'): void {
  new Expressions(reading, place).read();
}

class Expressions {
  readonly #reading: Reading;
  readonly #place: Place;
  /** What is open: the type of the token before a bracket, or CASE. */
  readonly #open: number[] = [];
  /** Whether an operand has just ended. */
  #operand = false;

  constructor(reading: Reading, place: Place) {
    this.#reading = reading;
    this.#place = place;
  }

  read(): void {
    const reading = this.#reading;
    const from = reading.at;
    while (this.#readToken(reading.list.types[reading.at] ?? 0));
    if (this.#open.length > 0 || reading.at === from) reading.fail();
  }

  /** Answers false at the end. */
  #readToken(type: number): boolean {
    switch (role.roles[type]) {
      case role.LITERAL:
        return this.#goOn(1, true);
      case role.SEPARATOR:
        if (this.#open.length === 0 && this.#place !== 'list') return false;
        return this.#goOn(1, false);
      case role.OPERATOR:
        return this.#goOn(1, false);
      case role.IDENTIFIER:
        return this.#identifier(type);
      default:
        return this.#other(type);
    }
  }

  #other(type: number): boolean {
    const reading = this.#reading;
    switch (role.roles[type]) {
      case role.OPENING:
        this.#opening(type);
        return true;
      case role.CLOSING:
        return this.#closing(type);
      case role.CASE_BEGIN:
        this.#open.push(CASE);
        reading.at += 1;
        this.#operand = false;
        return true;
      case role.CASE_END:
        if (this.#open.length === 0) return false;
        if (this.#open.pop() !== CASE) reading.fail();
        reading.at += 1;
        this.#operand = true;
        return true;
      case role.STAR:
        this.#star();
        return true;
      case role.QUALIFIER:
        return this.#field();
      case role.ALIAS_NEXT:
        return this.#alias();
      default:
        return this.#reserved(type);
    }
  }

  #star(): void {
    const reading = this.#reading;
    const before = reading.peek(-1);
    // Beside a multiplication it stands for columns, and in count(*) for nothing.
    if (!this.#operand && before !== OPEN) starMention(reading);
    this.#operand = !this.#operand;
    reading.at += 1;
  }

  /** `.field` of an expression, or `.*`. */
  #field(): boolean {
    const reading = this.#reading;
    if (!this.#operand) reading.fail();
    reading.at += 1;
    if (reading.type === ASTERISK) starMention(reading);
    else if (!isIdentifier(reading.type)) reading.fail();
    reading.at += 1;
    return true;
  }

  /** `AS name`, `AS (names)`, or the type of a cast. */
  #alias(): boolean {
    const reading = this.#reading;
    if (this.#open.length === 0 && this.#place !== 'list') return false;
    reading.at += 1;
    const around = this.#open.at(-1);
    this.#operand = true;
    if (around === CAST || around === TRY_CAST) skipType(reading);
    else if (around === undefined && reading.type === OPEN) skipNames(reading);
    else if (around === undefined || isIdentifier(reading.type)) reading.identifier();
    // A row pattern defines variables: AS and then an expression.
    else this.#operand = false;
    return true;
  }

  #opening(type: number): void {
    const reading = this.#reading;
    const before = reading.peek(-1);
    if (type === OPEN_INDEX) {
      this.#open.push(OPEN_INDEX);
      this.#operand = false;
      reading.at += 1;
      return;
    }
    if (startsQuery(reading, reading.at + 1)) {
      reading.at += 1;
      reading.nested(() => reading.query());
      reading.expect(CLOSE);
      this.#operand = true;
      return;
    }
    const afterParameters = this.#operand ? undefined : afterLambdaParameters(reading, reading.at);
    if (afterParameters !== undefined) {
      for (let at = reading.at + 1; at < afterParameters; at += 1)
        if (isIdentifier(reading.typeAt(at))) reading.columns?.parameters.add(reading.nameAt(at));
      reading.at = afterParameters;
      this.#operand = false;
      return;
    }
    this.#open.push(before);
    reading.at += 1;
    this.#operand = bracketStart(reading, before);
    if (reading.columns !== undefined && UNCLEAR_BRACKETS.has(before)) reading.columns.isUnclear = true;
  }

  #closing(type: number): boolean {
    if (this.#open.length === 0) return false;
    const opened = this.#open.pop();
    if (opened === CASE || (opened === OPEN_INDEX) !== (type === CLOSE_INDEX)) this.#reading.fail();
    this.#reading.at += 1;
    this.#operand = true;
    return true;
  }

  /** A word that ends an expression, unless it stands in brackets. */
  #reserved(type: number): boolean {
    const reading = this.#reading;
    const before = reading.peek(-1);
    if (type === FROM && before === DISTINCT && (reading.peek(-2) === IS || reading.peek(-2) === NOT))
      return this.#goOn(1, false);
    if (type === GROUP && before === WITHIN) return this.#goOn(1, true);
    if (this.#open.length === 0) return false;
    if (type === TABLE && reading.isInTableFunction) {
      tableArgument(reading);
      return this.#goOn(0, true);
    }
    if (startsSetOperation(type)) {
      reading.nested(() => reading.queryRest());
      return true;
    }
    if (BEFORE_WORDS.has(type)) return this.#goOn(1, true);
    if (!IN_BRACKETS.has(type)) reading.fail();
    return this.#goOn(1, false);
  }

  /** Answers false where another word ends the expression. */
  #identifier(type: number): boolean {
    const reading = this.#reading;
    const isOutside = this.#open.length === 0;
    if (!this.#operand) return this.#operandWord(type);
    if (isOutside && startsClause(reading, reading.at)) return false;
    // An alias, or a word such as ASC or OVER.
    if (isOutside && this.#place === 'operand' && !(type === AT && reading.peek(1) === TIME)) {
      if (!(type === TIME || type === ZONE)) return false;
    }
    if (reading.columns !== undefined && ROW_PATTERN_WORDS.has(type)) reading.columns.isUnclear = true;
    if (type === PLAN && this.#open.includes(JSON_TABLE)) return this.#plan();
    return this.#goOn(1, type !== PASSING);
  }

  /** `PLAN (a OUTER b)` or `PLAN DEFAULT (OUTER, UNION)`: no joins and no set operations. */
  #plan(): boolean {
    const reading = this.#reading;
    const open = reading.peek(1) === DEFAULT ? 2 : 1;
    if (reading.peek(open) !== OPEN) return this.#goOn(1, true);
    reading.at += open;
    skipBrackets(reading);
    return true;
  }

  /** A word where an operand is due. */
  #operandWord(type: number): boolean {
    const reading = this.#reading;
    const next = reading.peek(1);
    if (next === OPEN) return this.#goOn(1, false);
    if (type === INTERVAL && intervalEnd(reading) > reading.at)
      return this.#goOn(intervalEnd(reading) - reading.at, true);
    if (next === STRING || next === UNICODE_STRING) return this.#goOn(2, true);
    if (next === LAMBDA) reading.columns?.parameters.add(reading.nameAt(reading.at));
    if (next === LAMBDA || next === ARROW || next === BY) return this.#goOn(2, false);
    if (type === ARRAY && next === OPEN_INDEX) return this.#goOn(1, false);
    if (type === DOUBLE && next === PRECISION) return this.#goOn(2, false);
    if (next === PRECEDING || next === FOLLOWING || (type === CURRENT && next === ROW)) return this.#goOn(2, true);
    if ((type === ALL || type === SOME || type === ANY) && role.startsOperand(next)) return this.#goOn(1, false);
    if (NORMAL_FORMS.has(type) && this.#open.at(-1) === NORMALIZE && next === CLOSE) return this.#goOn(1, true);
    this.#operand = columnMention(reading);
    return true;
  }

  #goOn(tokens: number, operand: boolean): true {
    this.#reading.at += tokens;
    this.#operand = operand;
    return true;
  }
}
