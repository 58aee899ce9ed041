/** Adds a listener, as to a stream of Node's. */
// biome-ignore lint/suspicious/noExplicitAny: as the listeners of Node's own streams
export type Listen<Self> = (event: string, listener: (...all: any[]) => void) => Self;

/** The ends of the connection that a request came by, and how it is cut off. */
export interface CarriedSocket {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  /** Whether it is secured by TLS. */
  readonly encrypted?: boolean | undefined;
  destroy(): unknown;
  /** When all that was written has been sent. */
  destroySoon(): unknown;
  /** So that its end is not taken for the end of an answer. */
  resetAndDestroy(): unknown;
}

/** What handlers use of a client's request. Its carriers are Node's HTTP/1.1, its HTTP/2, and sockets read by `@trino-gateway/wire`. */
export interface CarriedRequest {
  readonly method?: string | undefined;
  /** The request target. */
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  readonly socket: CarriedSocket;
  /** Whether all of its body has come. */
  readonly complete: boolean;
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** All of its body, where the carrier has read it before it gave the request: then no 'data' comes. */
  readonly wholeBody?: Buffer | undefined;
  /** 'data', 'end', 'error' and 'close', as of a stream. */
  on: Listen<this>;
  once: Listen<this>;
  removeAllListeners(event: string): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** What handlers use of the answer to it. */
export interface CarriedAnswer {
  readonly req: CarriedRequest;
  readonly headersSent: boolean;
  readonly statusCode: number;
  /** The answer has been given, or given up. */
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** Its handler has given all of it. */
  readonly writableEnded: boolean;
  /** All of it has been handed to the system. */
  readonly writableFinished: boolean;
  /** False: it is the last of its connection. */
  shouldKeepAlive: boolean;
  /** `lines` are names and values in turn; without a length or a status that has none, the body is framed by the carrier. */
  writeHead(status: number, reason: string | undefined, lines: string[]): this;
  /** False: wait for 'drain'. */
  write(chunk: Buffer | string): boolean;
  /** Where the carrier can: writes bytes that are only lent. True: they are their lender's again; false: they are at the next 'drain'. */
  lend?(pieces: readonly Buffer[]): boolean;
  end(chunk?: Buffer | string): this;
  /** Gives the answer up, so that no client takes what it has of it for whole. */
  destroy(): unknown;
  /** 'finish', 'drain', 'error' and 'close', as of a stream. */
  on: Listen<this>;
  once: Listen<this>;
}
