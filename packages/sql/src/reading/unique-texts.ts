/** More are looked up in a set, which takes longer to make than to search as few. */
const FEW = 8;

/** Texts in the order in which they were added, each once. */
export class UniqueTexts {
  readonly list: string[] = [];
  #set: Set<string> | undefined;

  add(text: string): void {
    if (this.list.length < FEW ? this.list.includes(text) : this.#all().has(text)) return;
    this.list.push(text);
    this.#set?.add(text);
  }

  #all(): Set<string> {
    this.#set ??= new Set(this.list);
    return this.#set;
  }
}
