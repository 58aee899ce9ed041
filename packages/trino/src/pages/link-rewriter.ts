import { restBelow } from '../identifiers/origin.ts';
import { decodeJsonText, type PageLink, PageScanner } from './page-scanner.ts';

/** Which links are replaced, and by what. */
export type LinkRewriterOptions = {
  /** By which the cluster may name itself, such as `http://trino-1:8080`. Links elsewhere are left alone. */
  backendUrls: readonly string[];
  /** What the client used: an origin, and perhaps a path prefix, without a slash at the end. */
  outsideUrl: string;
};

const nothing = Buffer.alloc(0);

/**
 * Replaces where a page's links begin, and nothing else: path, query and every other byte pass as they are.
 * Holds back at most one unfinished link. Rows behind the links pass unseen, with all that follows them.
 */
export class LinkRewriter {
  readonly #scanner: PageScanner;
  readonly #options: LinkRewriterOptions;
  readonly #found: PageLink[] = [];
  #held = nothing;
  #passed = 0;

  constructor(options: LinkRewriterOptions) {
    this.#options = options;
    this.#scanner = new PageScanner({ onLink: (link) => this.#found.push(link), stopsAtRows: true });
  }

  /** Takes the next bytes of the page and gives those that are ready. */
  push(chunk: Buffer): Buffer[] {
    if (this.#scanner.done && this.#held.length === 0) return [chunk];
    this.#scanner.push(chunk);
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
    const open = this.#scanner.openLinkStart;
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
    const { backendUrls, outsideUrl } = this.#options;
    let rest: string | undefined;
    for (const url of backendUrls) rest ??= restBelow(text, url);
    if (rest === undefined) return undefined;
    if (!escaped) return { text: outsideUrl, end: link.start + text.length - rest.length };
    return { text: JSON.stringify(outsideUrl + rest).slice(1, -1), end: link.end };
  }
}
