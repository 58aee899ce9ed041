import { firstHeader, PageScanner, parsePageError, type QueryError } from '@trino-gateway/trino';
import { inflate } from './inflate.ts';

/** What was read in a page that passed. */
export type PageFindings = {
  id: string | undefined;
  /** No next link: the query has ended. Undefined when that could not be seen. */
  last: boolean | undefined;
  /** `stats.state`, of last pages. */
  state: string | undefined;
  error: QueryError | undefined;
};

/** Links come before the rows, so this much of a page tells whether another follows. */
const HEAD_BYTES = 8_192;
/** Last pages are read whole up to this size; of a longer one only its end is known. */
const WHOLE_BYTES = 65_536;
const INFLATED_BYTES = 4_194_304;

/** Observes a page while it passes, within bounds: rows are neither decoded nor kept. */
export class PageObserver {
  readonly #encoding: string;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #hasNext = false;

  constructor(rawHeaders: readonly string[]) {
    this.#encoding = firstHeader(rawHeaders, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  }

  /** Takes the next bytes as the cluster sent them; they may be overwritten later. */
  push(chunk: Buffer): void {
    let at = 0;
    while (!this.#hasNext && this.#length < WHOLE_BYTES && at < chunk.length) {
      const limit = this.#length < HEAD_BYTES ? HEAD_BYTES : WHOLE_BYTES;
      const part = Buffer.from(chunk.subarray(at, at + limit - this.#length));
      at += part.length;
      this.#chunks.push(part);
      this.#length += part.length;
      if (this.#length === HEAD_BYTES) this.#hasNext = this.#read(HEAD_BYTES, true)?.nextUri !== undefined;
    }
    if (this.#hasNext) this.#chunks.length = 0;
  }

  /** Call it when the whole page has passed. */
  end(): PageFindings {
    if (this.#hasNext) return { id: undefined, last: false, state: undefined, error: undefined };
    const isWhole = this.#length < WHOLE_BYTES;
    const scanner = this.#read(WHOLE_BYTES, !isWhole);
    if (scanner === undefined) return { id: undefined, last: undefined, state: undefined, error: undefined };
    return {
      id: scanner.id,
      last: scanner.nextUri === undefined && (scanner.complete || !isWhole),
      state: scanner.state,
      error: parsePageError(scanner.error),
    };
  }

  #read(limit: number, isPart: boolean): PageScanner | undefined {
    const bytes = Buffer.concat(this.#chunks).subarray(0, limit);
    const plain = inflate(bytes, this.#encoding, { isPart, maxOutputLength: INFLATED_BYTES });
    if (plain === undefined) return undefined;
    const scanner = new PageScanner();
    scanner.push(plain);
    return scanner;
  }
}
