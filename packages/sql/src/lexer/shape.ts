import { K } from './keywords.ts';
import { Lexer } from './lexer.ts';
import { ShapeHash } from './shape-hash.ts';
import {
  BINARY,
  CLOSE,
  COMMA,
  DOLLAR_STRING,
  END_OF_SQL,
  isIdentifier,
  isKeyword,
  MINUS,
  NUMBER,
  OPEN,
  PLUS,
  QUESTION_MARK,
  QUOTED,
  STRING,
  UNICODE_STRING,
  WORD,
} from './token-types.ts';

const LITERALS: ReadonlySet<number> = new Set([STRING, UNICODE_STRING, BINARY, NUMBER, DOLLAR_STRING]);

/** A list of IN or VALUES: equal elements that follow each other count as one. */
type List = {
  around: ShapeHash;
  before: ShapeHash | undefined;
  /** How many brackets are open around its elements. */
  depth: number;
};

/**
 * What statements have in common that differ in literals only: 16 hexadecimal digits. White space, comments, and the case of keywords
 * and names do not count, nor do the length of an IN list of literals or the number of VALUES.
 */
export function statementShape(sql: string): string {
  return new Shape(sql).read();
}

class Shape {
  readonly #sql: string;
  readonly #lexer: Lexer;
  readonly #lists: List[] = [];
  #hash = new ShapeHash();
  #depth = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#lexer = new Lexer(sql);
  }

  read(): string {
    let before = END_OF_SQL;
    for (;;) {
      const type = this.#lexer.next();
      if (type === END_OF_SQL) break;
      if (type === CLOSE) this.#depth -= 1;
      this.#endLists(type);
      if (type === COMMA && this.#lists.at(-1)?.depth === this.#depth) this.#endElement();
      else if ((type !== MINUS && type !== PLUS) || endsOperand(before)) this.#add(type);
      if (type === OPEN) this.#depth += 1;
      if ((type === OPEN && before === K.IN) || type === K.VALUES) this.#beginList();
      before = type;
    }
    while (this.#lists.length > 0) this.#endList();
    return this.#hash.text();
  }

  #add(type: number): void {
    const { start, end } = this.#lexer;
    if (LITERALS.has(type)) this.#hash.add(QUESTION_MARK);
    else if (type === WORD || type === QUOTED || isKeyword(type))
      this.#addText(this.#sql.slice(start, end).toLowerCase());
    else this.#addText(this.#sql.slice(start, end));
    this.#hash.add(0x20);
  }

  #addText(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#hash.add(text.charCodeAt(at));
  }

  #beginList(): void {
    this.#lists.push({ around: this.#hash, before: undefined, depth: this.#depth });
    this.#hash = new ShapeHash();
  }

  #endElement(): void {
    const list = this.#lists.at(-1);
    if (list === undefined) return;
    if (list.before === undefined || !list.before.equals(this.#hash)) list.around.addHash(this.#hash);
    list.before = this.#hash;
    this.#hash = new ShapeHash();
  }

  #endList(): void {
    this.#endElement();
    this.#hash = this.#lists.pop()?.around ?? this.#hash;
  }

  /** A list ends with its bracket, that of VALUES also with the next clause. */
  #endLists(type: number): void {
    for (;;) {
      const list = this.#lists.at(-1);
      if (list === undefined) return;
      const isClause = list.depth === this.#depth && AFTER_VALUES.has(type);
      if (this.#depth >= list.depth && !isClause) return;
      this.#endList();
    }
  }
}

const AFTER_VALUES: ReadonlySet<number> = new Set([K.UNION, K.EXCEPT, K.INTERSECT, K.ORDER, K.WHEN, K.VALUES]);

/** Whether a sign after it is an operator, and no part of a number. */
const endsOperand = (type: number) => isIdentifier(type) || LITERALS.has(type) || type === CLOSE || type === 0x5d;
