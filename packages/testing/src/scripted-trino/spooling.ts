import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Answered, answerEmpty, answerError, answerText, type Exchange, spoil } from './answers.ts';
import { first } from './raw-headers.ts';

/** `protocol.spooling.*` of a scripted Trino, which knows the encoding `json` alone. */
export type SpoolingOptions = {
  /** Default COORDINATOR_PROXY. */
  retrievalMode?: 'STORAGE' | 'COORDINATOR_STORAGE_REDIRECT' | 'COORDINATOR_PROXY' | 'WORKER_PROXY';
  /** 32 bytes; a cluster with the same key can read the ids of this one's segments. Default: drawn. */
  key?: Buffer;
  /** The segments, by name; clusters may share them. */
  storage?: Map<string, Buffer>;
  /** The address that clients reach the storage, or the workers, by. */
  storageUrl?: string;
};

/** Stands in a page for the origin of its links, which is known by each request. */
const originMark = '§origin§';
const customerKey = 'x-amz-server-side-encryption-customer-key';

/** The results that a coordinator has spooled. */
export class Spooling {
  readonly #mode: NonNullable<SpoolingOptions['retrievalMode']>;
  readonly #key: Buffer;
  readonly #storage: Map<string, Buffer>;
  readonly #storageUrl: string;

  constructor({ retrievalMode, key, storage, storageUrl }: SpoolingOptions) {
    this.#mode = retrievalMode ?? 'COORDINATOR_PROXY';
    this.#key = key ?? randomBytes(32);
    this.#storage = storage ?? new Map();
    this.#storageUrl = storageUrl ?? 'http://storage.example';
  }

  /** The `data` of a page for `"data":[…]` of one, which is spooled. */
  spool(data: string): string {
    const name = randomBytes(16).toString('hex');
    const bytes = Buffer.from(data.slice('"data":'.length));
    this.#storage.set(name, bytes);
    const id = this.#idOf(name);
    const link = (action: string) => `${originMark}/v1/spooled/${action}/${id}`;
    const segment = {
      type: 'spooled',
      uri: this.#mode === 'STORAGE' ? this.#locationOf(name) : link('download'),
      ackUri: link('ack'),
      metadata: { segmentSize: bytes.length, rowsCount: 1, expiresAt: '2100-01-01T00:00:00.000', rowOffset: 0 },
      headers: { [customerKey]: [name.toUpperCase()] },
    };
    return `"data":{"encoding":"json","segments":[${JSON.stringify(segment)}]}`;
  }

  /** `/v1/spooled/…`, as a coordinator answers it. */
  answer(exchange: Exchange, path: string): Answered {
    const { request, response } = exchange;
    const [, , , action, id = '', ...more] = path.split('/');
    if ((action !== 'download' && action !== 'ack') || id === '' || more.length > 0)
      return answerError(exchange, 404, 'Not Found', 'HTTP 404 Not Found');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answerEmpty(exchange, 405, [['Allow', 'GET,OPTIONS']]);
    const name = this.#nameOf(id);
    if (name === undefined) return failed(exchange, 'RuntimeException: Could not decode segment identifier from URI');
    if (first(request.rawHeaders, customerKey) === undefined)
      return failed(exchange, `IllegalArgumentException: Required header ${customerKey} was not found`);
    if (action === 'ack') {
      this.#storage.delete(name);
      return answerEmpty(exchange, 200);
    }
    if (this.#mode === 'STORAGE') return answerError(exchange, 503, 'Service Unavailable', 'Retrieval mode is STORAGE');
    if (this.#mode === 'COORDINATOR_STORAGE_REDIRECT')
      return answerEmpty(exchange, 303, [['Location', this.#locationOf(name)]]);
    if (this.#mode === 'WORKER_PROXY')
      return answerEmpty(exchange, 303, [
        ['Location', `${new URL(exchange.origin).protocol}//worker.example:8080${path}`],
      ]);
    const bytes = this.#storage.get(name);
    if (bytes === undefined) return failed(exchange, 'IOException: Segment not found or expired');
    const lines = ['Vary', 'Accept-Encoding', 'Content-Type', 'application/octet-stream'];
    if (spoil(exchange, lines, bytes, bytes.length)) return 'answered';
    response.writeHead(200, lines);
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return 'answered';
  }

  #locationOf(name: string): string {
    return `${this.#storageUrl}/spool/${name}?X-Amz-Signature=${name.slice(0, 8)}`;
  }

  #idOf(name: string): string {
    const cipher = createCipheriv('aes-256-ecb', this.#key, null);
    return Buffer.concat([cipher.update(name, 'hex'), cipher.final()]).toString('base64url');
  }

  #nameOf(id: string): string | undefined {
    const decipher = createDecipheriv('aes-256-ecb', this.#key, null);
    try {
      const name = Buffer.concat([decipher.update(id, 'base64url'), decipher.final()]);
      return name.length === 16 ? name.toString('hex') : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The page for clients that reached the coordinator by this origin. */
export const withOrigin = (tail: string, origin: string): string => tail.replaceAll(originMark, origin);

const failed = (exchange: Exchange, what: string) =>
  answerText(exchange, 500, `java.lang.${what}\n\tat io.trino.server.protocol.spooling\n`);
