import { randomBytes } from 'node:crypto';

/** One answer of a statement resource, without the origin of its links: Trino makes those per request. */
export type Page = {
  partialCancelPath?: string;
  nextPath?: string;
  /** The rest of the page after the links, beginning with a quoted key. */
  tail: string;
  headers: readonly (readonly [string, string])[];
};

/** The links of one phase: a secret per token, and the current page, which is answered again for the same token. */
export class PhaseLinks {
  last: number;
  readonly #base: string;
  readonly #slugs: string[] = [];
  #page: Page | Promise<Page> | undefined;

  constructor(base: string, last: number) {
    this.#base = base;
    this.last = last;
  }

  path(token: number): string {
    this.#slugs[token] ??= freshSlug();
    return `${this.#base}/${this.#slugs[token]}/${token}`;
  }

  knows(slug: string, token: number): boolean {
    return this.#slugs[token] === slug;
  }

  page(token: number, make: () => Page | Promise<Page>): Page | Promise<Page> | undefined {
    if (token === this.last && this.#page !== undefined) return this.#page;
    if (token !== this.last + 1) return undefined;
    this.last = token;
    this.#page = make();
    return this.#page;
  }
}

let pool = randomBytes(20_000);
let used = 0;

/** A fresh secret in the form of Trino's: `y` and 40 hex digits. */
function freshSlug(): string {
  if (used === pool.length) {
    pool = randomBytes(pool.length);
    used = 0;
  }
  used += 20;
  return `y${pool.toString('hex', used - 20, used)}`;
}
