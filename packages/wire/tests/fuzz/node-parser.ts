import type { Asked } from './read-connection.ts';

/** A message as Node's parser has begun to tell it. */
export type ToldMessage = {
  what: string;
  target: string;
  rawHeaders: string[];
  keepsAlive: boolean;
  hasUpgrade: boolean;
  version: string;
  body: string;
  isWhole: boolean;
};

type Parser = {
  [callback: number]: (...args: never[]) => unknown;
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void;
  execute(bytes: Buffer): number | Error;
};
type ParserClass = {
  new (): Parser;
  REQUEST: number;
  RESPONSE: number;
  kLenientNone: number;
  kOnHeaders: number;
  kOnHeadersComplete: number;
  kOnBody: number;
  kOnMessageComplete: number;
};

const { HTTPParser } = process.getBuiltinModule('_http_common') as unknown as { HTTPParser: ParserClass };
/** As the router's listener and its client have it. */
const MOST_HEAD_BYTES = 2_097_152;
/** By the number that llhttp has for it. */
const METHODS: readonly string[] = ['DELETE', 'GET', 'HEAD', 'POST', 'PUT'];

/** Node's own parser, as strict as `node:http` uses it, one connection after another. */
export class NodeParser {
  readonly #parser = new HTTPParser();
  #asked: Asked = [];
  #isRequests = true;
  messages: ToldMessage[] = [];
  heads = 0;
  wholes = 0;
  #flushed: string[] = [];
  #flushedTarget = '';

  constructor() {
    this.#parser[HTTPParser.kOnHeaders] = (lines: string[], target: string) => {
      this.#flushed.push(...lines);
      this.#flushedTarget += target;
    };
    this.#parser[HTTPParser.kOnHeadersComplete] = (...args: unknown[]) => this.#onHead(args);
    this.#parser[HTTPParser.kOnBody] = (bytes: Buffer) => {
      const message = this.messages.at(-1);
      if (message !== undefined) message.body += bytes.toString('latin1');
    };
    this.#parser[HTTPParser.kOnMessageComplete] = () => {
      this.wholes += 1;
      const message = this.messages.at(-1);
      // Trailers.
      if (this.#flushed.length > 0) message?.rawHeaders.push('(trailers)', ...this.#flushed.splice(0));
      if (message !== undefined) message.isWhole = true;
    };
  }

  restart(of: 'requests' | Asked): void {
    this.#isRequests = of === 'requests';
    this.#asked = of === 'requests' ? [] : of;
    this.messages = [];
    this.heads = 0;
    this.wholes = 0;
    this.#flushed = [];
    this.#flushedTarget = '';
    const type = this.#isRequests ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
    this.#parser.initialize(type, {}, MOST_HEAD_BYTES, HTTPParser.kLenientNone);
  }

  /** The next bytes. Undefined: they were taken. */
  push(bytes: Buffer): string | undefined {
    if (bytes.length === 0) return undefined;
    const outcome = this.#parser.execute(bytes);
    if (outcome instanceof Error) return (outcome as NodeJS.ErrnoException).code ?? outcome.message;
    return outcome === bytes.length ? undefined : `only ${outcome} of ${bytes.length} bytes`;
  }

  /** What the parser is to think of the body: 1 says that there is none, as `node:http` does for HEAD. */
  #onHead(args: unknown[]): number {
    const [major, minor, lines, method, target, status, reason, hasUpgrade, keepsAlive] = args;
    const number = this.heads;
    this.heads += 1;
    const rawHeaders = [...this.#flushed.splice(0), ...((lines as string[] | undefined) ?? [])];
    this.messages.push({
      what: this.#isRequests ? (METHODS[method as number] ?? `method ${method}`) : `${status} ${reason}`,
      target: this.#isRequests ? this.#flushedTarget + ((target as string | undefined) ?? '') : '',
      rawHeaders,
      keepsAlive: keepsAlive as boolean,
      hasUpgrade: hasUpgrade as boolean,
      version: `${major}.${minor}`,
      body: '',
      isWhole: false,
    });
    this.#flushedTarget = '';
    return !this.#isRequests && this.#asked[number % this.#asked.length] === 'HEAD' ? 1 : 0;
  }
}
