import { K } from '../lexer/keywords.ts';
import { comparableName } from '../lexer/literals.ts';
import type { TokenList } from '../lexer/token-list.ts';
import { DOT, END_OF_SQL, isIdentifier, isKeyword, QUOTED } from '../lexer/token-types.ts';
import type { ColumnMentions } from './column-names.ts';
import { NotUnderstood } from './not-understood.ts';
import { Scopes } from './scopes.ts';

/** What a name that a statement says stands for. */
export type NamedThing = 'table' | 'schema' | 'catalog' | 'tableFunction' | 'procedure';

/** A name as it was written, its parts in small letters: names are compared without case, also those in quotes. */
export type Name = readonly string[];

/** What reads a query, and the rest of one whose first part has been read. */
export type QueryGrammar = {
  query: (reading: Reading) => void;
  queryRest: (reading: Reading) => boolean;
};

/** Queries within queries; each takes a few frames of the stack. */
const MOST_NESTED = 500;
/** Of tables and other things, also of one that is named repeatedly. */
const MOST_NAMES = 10_000;

/** A statement while it is read: where the reading is, and what was found so far. */
export class Reading {
  at = 0;
  /** The names of WITH that may be used here. */
  readonly scopes = new Scopes();
  readonly named: { what: NamedThing; name: Name }[] = [];
  /** Where columns are mentioned, if that is asked for. */
  readonly columns: ColumnMentions | undefined;
  /** How many names WITH has given. */
  namedQueries = 0;
  /** Whether `TABLE (…)` may stand here as an argument. */
  isInTableFunction = false;
  readonly list: TokenList;
  readonly grammar: QueryGrammar;
  #nested = 0;

  constructor(list: TokenList, grammar: QueryGrammar, columns?: ColumnMentions) {
    this.list = list;
    this.grammar = grammar;
    this.columns = columns;
  }

  get type(): number {
    return this.list.types[this.at] ?? 0;
  }

  typeAt(at: number): number {
    return this.list.types[at] ?? 0;
  }

  peek(distance: number): number {
    return this.list.types[this.at + distance] ?? 0;
  }

  /** Goes on if the next tokens are these, up to three. */
  take(first: number, second = END_OF_SQL, third = END_OF_SQL): boolean {
    const { types } = this.list;
    const { at } = this;
    if (types[at] !== first) return false;
    if (second !== END_OF_SQL && types[at + 1] !== second) return false;
    if (third !== END_OF_SQL && types[at + 2] !== third) return false;
    this.at = at + 1 + (second === END_OF_SQL ? 0 : 1) + (third === END_OF_SQL ? 0 : 1);
    return true;
  }

  expect(first: number, second?: number, third?: number): void {
    if (!this.take(first, second, third)) this.fail();
  }

  fail(): never {
    const { sql, starts } = this.list;
    const before = sql.slice(0, starts[this.at]);
    const column = before.length - before.lastIndexOf('\n');
    throw new NotUnderstood(`line ${before.split('\n').length}, column ${column} is not understood`);
  }

  /** Whether an identifier or keyword stands there, and reads so. */
  isWord(at: number, word: string): boolean {
    const type = this.typeAt(at);
    if (!isKeyword(type) && !isIdentifier(type)) return false;
    if (type === QUOTED) return false;
    return this.#text(at).toUpperCase() === word;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(this.at, word)) return false;
    this.at += 1;
    return true;
  }

  identifier(): string {
    if (!isIdentifier(this.type)) this.fail();
    this.at += 1;
    return this.nameAt(this.at - 1);
  }

  nameAt(at: number): string {
    const { sql, types, starts, ends } = this.list;
    return comparableName(sql, types[at] ?? 0, starts[at] ?? 0, ends[at] ?? 0);
  }

  /** `a.b.c` */
  name(): Name {
    const parts = [this.identifier()];
    while (this.type === DOT) {
      this.at += 1;
      parts.push(this.identifier());
    }
    return parts;
  }

  found(what: NamedThing, name: Name): void {
    if (this.named.length >= MOST_NAMES) throw new NotUnderstood(`more than ${MOST_NAMES} names`);
    this.named.push({ what, name });
  }

  /** Reads a name that stands for something. */
  mention(what: NamedThing): void {
    this.found(what, this.name());
  }

  takeIfExists(): void {
    this.take(K.IF, K.EXISTS);
  }

  takeIfNotExists(): void {
    this.take(K.IF, K.NOT, K.EXISTS);
  }

  /** Reads what may contain itself. */
  nested<T>(read: () => T): T {
    this.#nested += 1;
    if (this.#nested > MOST_NESTED) throw new NotUnderstood(`more than ${MOST_NESTED} queries within each other`);
    const found = read();
    this.#nested -= 1;
    return found;
  }

  query(): void {
    this.grammar.query(this);
  }

  queryRest(): void {
    this.grammar.queryRest(this);
  }

  #text(at: number): string {
    return this.list.sql.slice(this.list.starts[at], this.list.ends[at]);
  }
}
