import { K } from '../lexer/keywords.ts';
import { identifierText } from '../lexer/literals.ts';
import type { TokenList } from '../lexer/token-list.ts';
import { DOT, isIdentifier, isKeyword, QUOTED } from '../lexer/token-types.ts';
import { NotUnderstood } from './not-understood.ts';
import type { Scope } from './scopes.ts';

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

/** A statement while it is read: where the reading is, and what was found so far. */
export class Reading {
  at = 0;
  /** The names of WITH that may be used here. */
  scope: Scope | undefined;
  readonly named: { what: NamedThing; name: Name }[] = [];
  /** Tokens with which the mention of a column begins. */
  readonly columnAt: number[] = [];
  /** Names and aliases of relations, in small letters: what may stand before the name of a column. */
  readonly qualifiers = new Set<string>();
  /** Parameters of lambdas: they look like columns. */
  readonly parameters = new Set<string>();
  /** Whether `*` stands for columns that are not named. */
  hasStar = false;
  /** Whether something was read in which columns cannot be told from other words. */
  columnsUnclear = false;
  /** Whether `TABLE (…)` may stand here as an argument. */
  isInTableFunction = false;
  readonly list: TokenList;
  readonly grammar: QueryGrammar;
  #nested = 0;

  constructor(list: TokenList, grammar: QueryGrammar) {
    this.list = list;
    this.grammar = grammar;
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

  /** Goes on if the next tokens are these. */
  take(...types: number[]): boolean {
    for (let at = 0; at < types.length; at += 1) if (this.peek(at) !== types[at]) return false;
    this.at += types.length;
    return true;
  }

  expect(...types: number[]): void {
    if (!this.take(...types)) this.fail();
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
    return identifierText(
      this.list.sql,
      this.typeAt(at),
      this.list.starts[at] ?? 0,
      this.list.ends[at] ?? 0,
    ).toLowerCase();
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
