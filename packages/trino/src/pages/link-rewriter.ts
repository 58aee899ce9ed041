import { normalizedOrigin, originIn } from '../identifiers/origin.ts';
import { decodeJsonText, type PageLink, PageScanner } from './page-scanner.ts';

/** Which links are replaced, and by what. */
export type LinkRewriterOptions = {
  /** Origins by which the cluster may name itself, such as `http://trino-1:8080`. Links elsewhere are left alone. */
  backendOrigins: readonly string[];
  /** The origin the client used, without a slash at the end. */
  outsideOrigin: string;
};

const nothing = Buffer.alloc(0);

/**
 * Replaces scheme and authority of a page's links, and nothing else: path, query and every other byte pass as they are.
 * Holds back at most one unfinished link.
 */
export class LinkRewriter {
  /** What the page says beside its links. */
  readonly scanner: PageScanner;
  readonly #origins: ReadonlySet<string | undefined>;
  readonly #outsideOrigin: string;
  readonly #found: PageLink[] = [];
  #held = nothing;
  #passed = 0;

  constructor(options: LinkRewriterOptions) {
    this.#origins = new Set(options.backendOrigins.map(normalizedOrigin));
    this.#outsideOrigin = options.outsideOrigin;
    this.scanner = new PageScanner({ onLink: (link) => this.#found.push(link) });
  }

  /** Takes the next bytes of the page and gives those that are ready. */
  push(chunk: Buffer): Buffer[] {
    this.scanner.push(chunk);
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const base = this.#passed;
    const ready: Buffer[] = [];
    let from = 0;
    for (const link of this.#found.splice(0)) {
      const replaced = this.#replaced(link);
      if (replaced === undefined) continue;
      ready.push(data.subarray(from, link.start - base), Buffer.from(replaced.text));
      from = replaced.end - base;
    }
    const open = this.scanner.openLinkStart;
    const until = open < 0 ? data.length : open - base;
    if (until > from) ready.push(data.subarray(from, until));
    this.#held = until < data.length ? Buffer.from(data.subarray(until)) : nothing;
    this.#passed = base + until;
    return ready;
  }

  /** The bytes still held back, when the page ends in the middle of a link. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = nothing;
    return rest;
  }

  /** New text for the bytes from the link's start to `end`. */
  #replaced(link: PageLink): { text: string; end: number } | undefined {
    const escaped = link.text.includes('\\');
    const text = escaped ? decodeJsonText(link.text) : link.text;
    const origin = originIn(text);
    if (origin === undefined || !this.#origins.has(normalizedOrigin(origin))) return undefined;
    if (!escaped) return { text: this.#outsideOrigin, end: link.start + origin.length };
    return { text: JSON.stringify(this.#outsideOrigin + text.slice(origin.length)).slice(1, -1), end: link.end };
  }
}
