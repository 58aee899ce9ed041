import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Answered, answerText, type Exchange } from './answers.ts';
import type { StatementContext } from './built-in-statements.ts';
import { Coordinator, type Counts } from './coordinator.ts';
import { type Fault, type FaultAction, Faults, type RecordedRequest } from './faults.ts';
import { linkOrigin } from './origin.ts';
import { nameWithPrefix } from './raw-headers.ts';
import { answer } from './resources.ts';
import type { ScriptedQuery } from './scripted-query.ts';
import { Spooling, type SpoolingOptions } from './spooling.ts';
import type { StatementScript } from './statement-script.ts';

/** How a scripted Trino behaves. */
export type ScriptedTrinoOptions = {
  /** Default 0: a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** `http-server.process-forwarded`: true builds links from X-Forwarded-*, false answers 406 to them. Default true. */
  processForwarded?: boolean;
  /** Password authentication, user → password. Needs a secure request, by TLS or X-Forwarded-Proto. */
  passwords?: Readonly<Record<string, string>>;
  /** Bearer token → user, accepted as well as passwords. */
  tokens?: Readonly<Record<string, string>>;
  /** User → users it may act for besides itself. Default: nobody may. */
  impersonations?: Readonly<Record<string, readonly string[]>>;
  /** Serves https with this. */
  tls?: { key: string; cert: string };
  /** What a statement does; undefined leaves it to `when` and the built-in statements. */
  script?: (context: StatementContext) => StatementScript | undefined;
  /** `query.client.timeout` in milliseconds. Default five minutes. */
  clientTimeoutMs?: number;
  /** Spools results for clients that take the encoding `json`. */
  spooling?: SpoolingOptions;
  /** After each start: `/v1/info` says starting, statements fail at their first poll. Default 0. */
  startingMs?: number;
  /** Ended queries that stay known. Default 2000. */
  maxHistory?: number;
  /** Requests and queries kept for tests to read; the oldest go first. Default 20,000. */
  recordLimit?: number;
  version?: string;
};

/** A fake cluster: what a coordinator says, scripted by tests, seen from Trino's side. */
export type ScriptedTrino = AsyncDisposable & {
  /** Its address, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  /** The last five characters of the ids of this incarnation. */
  readonly suffix: string;
  /** Every request it got, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** The queries that began, oldest first, over all incarnations: statement, user, source, state, error. */
  readonly queries: readonly ScriptedQuery[];
  readonly counts: Readonly<Counts>;
  /** Scripts statements that match: exactly, or by a regular expression. The latest wins. */
  when(statement: string | RegExp, script: StatementScript | ((context: StatementContext) => StatementScript)): void;
  /** Adds a fault; what is returned removes it. */
  fault(fault: Fault): () => void;
  clearFaults(): void;
  /** What system.runtime.queries pretends, state → number of queries; undefined shows the real ones. */
  pretendLoad(load: Readonly<Record<string, number>> | undefined): void;
  /** Says starting from now on for so many milliseconds. */
  restart(options?: { startingMs?: number }): Promise<void>;
  /** Closes the connections that nobody uses now, as a coordinator does after a while. */
  closeIdleConnections(): void;
  /** As SIGKILL: every connection is destroyed, new ones are refused, all queries are lost. */
  kill(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
};

/** Starts a scripted Trino; `await using` stops it. */
export async function startScriptedTrino(options: ScriptedTrinoOptions = {}): Promise<ScriptedTrino> {
  const trino = new Scripted(options);
  await trino.listen(options.port ?? 0);
  return trino;
}

class Scripted implements ScriptedTrino {
  readonly requests: RecordedRequest[] = [];
  readonly queries: ScriptedQuery[] = [];
  readonly counts: Counts = { submitted: 0, created: 0, running: 0, highWaterMark: 0, finished: 0, failed: 0 };
  port = 0;
  readonly #options: ScriptedTrinoOptions;
  readonly #faults = new Faults();
  readonly #scripts: {
    statement: string | RegExp;
    script: StatementScript | ((context: StatementContext) => StatementScript);
  }[] = [];
  readonly #recordLimit: number;
  readonly #scheme: string;
  readonly #spooling: Spooling | undefined;
  #load: Readonly<Record<string, number>> | undefined;
  #server: Server | undefined;
  #coordinator: Coordinator;

  constructor(options: ScriptedTrinoOptions) {
    this.#options = options;
    this.#recordLimit = options.recordLimit ?? 20_000;
    this.#scheme = options.tls === undefined ? 'http' : 'https';
    this.#spooling = options.spooling && new Spooling(options.spooling);
    this.#coordinator = this.#newLife(options.startingMs ?? 0);
  }

  get url(): string {
    return `${this.#scheme}://${this.#options.host ?? '127.0.0.1'}:${this.port}`;
  }

  get suffix(): string {
    return this.#coordinator.suffix;
  }

  when(statement: string | RegExp, script: StatementScript | ((context: StatementContext) => StatementScript)): void {
    this.#scripts.unshift({ statement, script });
  }

  fault(fault: Fault): () => void {
    return this.#faults.add(fault);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  pretendLoad(load: Readonly<Record<string, number>> | undefined): void {
    this.#load = load;
  }

  async listen(port: number): Promise<void> {
    const settings = { maxHeaderSize: 2_097_152, keepAliveTimeout: 200_000, noDelay: true };
    const { tls } = this.#options;
    const server =
      tls === undefined
        ? createServer(settings, (request, response) => this.#handle(request, response))
        : createTlsServer({ ...settings, ...tls }, (request, response) => this.#handle(request, response));
    server.listen(port, this.#options.host ?? '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    this.#coordinator.stop();
    await closed;
  }

  closeIdleConnections(): void {
    this.#server?.closeIdleConnections();
  }

  async restart(options: { startingMs?: number } = {}): Promise<void> {
    await this.kill();
    this.#coordinator = this.#newLife(options.startingMs ?? this.#options.startingMs ?? 0);
    await this.listen(this.port);
  }

  async stop(): Promise<void> {
    await this.kill();
    this.#coordinator.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #newLife(startingMs: number): Coordinator {
    const { clientTimeoutMs = 300_000, maxHistory = 2000 } = this.#options;
    return new Coordinator({
      script: (context) => this.#scriptOf(context),
      mayAct: (user, as) => this.#options.impersonations?.[user]?.includes(as) === true,
      clientTimeoutMs,
      maxHistory,
      startingMs,
      load: () => this.#load,
      counts: this.counts,
      ran: (query) => keep(this.queries, query, this.#recordLimit),
    });
  }

  #scriptOf(context: StatementContext): StatementScript | undefined {
    for (const { statement, script } of this.#scripts) {
      const hit = typeof statement === 'string' ? statement === context.statement : statement.test(context.statement);
      if (hit) return typeof script === 'function' ? script(context) : script;
    }
    return this.#options.script?.(context);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { method } = request;
    if (method !== 'POST' && method !== 'PUT') {
      if (method !== 'GET') request.resume();
      this.#answer(request, response, '');
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.#answer(request, response, Buffer.concat(chunks).toString()));
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const recorded: RecordedRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      rawHeaders: request.rawHeaders,
      body,
      at: Date.now(),
    };
    keep(this.requests, recorded, this.#recordLimit);
    const fault = this.#faults.take(recorded);
    if (
      fault !== undefined &&
      misbehave(fault, request, response, () => this.#route(recorded, request, response, undefined))
    )
      return;
    this.#route(recorded, request, response, fault);
  }

  #route(
    recorded: RecordedRequest,
    request: IncomingMessage,
    response: ServerResponse,
    fault: FaultAction | undefined,
  ): void {
    const { rawHeaders } = recorded;
    const processForwarded = this.#options.processForwarded ?? true;
    const exchange: Exchange = {
      request,
      response,
      origin: linkOrigin(rawHeaders, this.#scheme, processForwarded),
      fault,
    };
    const rejected = processForwarded ? undefined : nameWithPrefix(rawHeaders, 'x-forwarded-');
    if (rejected !== undefined) {
      refuseForwarded(exchange, rejected);
      return;
    }
    const answered = answer(exchange, recorded.path, {
      coordinator: this.#coordinator,
      accepted: { passwords: this.#options.passwords, tokens: this.#options.tokens },
      version: this.#options.version ?? '476',
      body: recorded.body,
      spooling: this.#spooling,
    });
    if (answered !== 'answered')
      answered.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  }
}

/** Faults that replace the right answer; false leaves it to be given. */
function misbehave(fault: FaultAction, request: IncomingMessage, response: ServerResponse, later: () => void): boolean {
  if (fault.kind === 'silence') return true;
  if (fault.kind === 'reset') {
    request.socket.resetAndDestroy();
    return true;
  }
  if (fault.kind === 'slow') {
    const timer = setTimeout(later, fault.ms);
    response.once('close', () => clearTimeout(timer));
    return true;
  }
  if (fault.kind !== 'status') return false;
  const headers = (fault.headers ?? []).flat();
  response.writeHead(fault.status, ['Content-Length', String(Buffer.byteLength(fault.body ?? '')), ...headers]);
  response.end(request.method === 'HEAD' ? undefined : (fault.body ?? ''));
  return true;
}

function refuseForwarded(exchange: Exchange, name: string): Answered {
  const message = `Server configuration does not allow processing of the ${name} header`;
  const { request } = exchange;
  const headers: [string, string][] = [['Cache-Control', 'must-revalidate,no-cache,no-store']];
  if (request.headers.accept?.includes('application/json')) {
    const path = request.url?.split('?')[0] ?? '';
    const body = `{\n"message":"${message}",\n"url":"${exchange.origin}${path}",\n"status":"406"\n}\n`;
    return answerText(exchange, 406, body, headers, 'application/json');
  }
  return answerText(exchange, 406, message, headers, 'text/html;charset=iso-8859-1');
}

/** Appends, and drops the oldest in one go now and then, so that a long run stays bounded and fast. */
function keep<T>(list: T[], item: T, limit: number): void {
  if (limit === 0) return;
  list.push(item);
  if (list.length > limit * 2) list.splice(0, list.length - limit);
}
