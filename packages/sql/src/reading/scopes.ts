/** `refersToItself` tells of one that is being read under WITH RECURSIVE. */
export type NamedQuery = { isRead: boolean; refersToItself: boolean };

/** Names that WITH gives to queries, in small letters: the innermost of a name counts. */
export class Scopes {
  readonly #byName = new Map<string, NamedQuery[]>();
  readonly #names: string[] = [];

  /** The names so far, to return to. */
  get size(): number {
    return this.#names.length;
  }

  define(name: string, query: NamedQuery): void {
    this.#names.push(name);
    const before = this.#byName.get(name);
    if (before === undefined) this.#byName.set(name, [query]);
    else before.push(query);
  }

  /** Forgets the names that were defined since. */
  returnTo(size: number): void {
    while (this.#names.length > size) this.#byName.get(this.#names.pop() ?? '')?.pop();
  }

  /** Whether a name is one of WITH here; remembers that it is used. */
  has(name: string): boolean {
    const query = this.#byName.get(name)?.at(-1);
    if (query === undefined) return false;
    if (!query.isRead) query.refersToItself = true;
    return true;
  }
}
