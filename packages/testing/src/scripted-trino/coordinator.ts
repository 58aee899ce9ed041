import { randomBytes, randomUUID } from 'node:crypto';
import { builtInStatement, type Effects, type RuntimeQuery, type StatementContext } from './built-in-statements.ts';
import { ScriptedQuery } from './scripted-query.ts';
import type { Spooling } from './spooling.ts';
import { killed, preempted, type ScriptedError, type StatementScript } from './statement-script.ts';

/** So long a query that nobody has polled is known, however early others are abandoned: query.client.timeout by default. */
const UNPOLLED_MS = 300_000;

/** The settings of a coordinator. */
export type CoordinatorOptions = {
  script(context: StatementContext): StatementScript | undefined;
  /** Whether this user may act for another one. */
  mayAct(user: string, as: string): boolean;
  /** Milliseconds without a poll after which a query is abandoned. */
  clientTimeoutMs: number;
  /** Ended queries that stay known. */
  maxHistory: number;
  /** Milliseconds in which `/v1/info` says starting and every statement fails. */
  startingMs: number;
  load: () => Readonly<Record<string, number>> | undefined;
  counts: Counts;
  ran(query: ScriptedQuery): void;
};

/** How many queries there are and were, over all incarnations. */
export type Counts = {
  submitted: number;
  created: number;
  running: number;
  highWaterMark: number;
  finished: number;
  failed: number;
};

/** What a submission brings along. */
export type Submitted = {
  statement: string;
  user: string;
  authenticatedAs: string;
  source: string | undefined;
  transactionId: string | undefined;
  prepared: ReadonlyMap<string, string>;
  rawHeaders: readonly string[];
  /** Where its results are spooled, when the client takes that. */
  spooling: Spooling | undefined;
};

/** How an administrative call on a query id ended. */
export type KillOutcome = 'accepted' | 'ended' | 'unknown';

/** One incarnation of a coordinator, from start to stop: what it knows is lost with it. */
export class Coordinator {
  /** The last five characters of every id of this incarnation. */
  readonly suffix = freshSuffix();
  readonly startedAt = Date.now();
  readonly #options: CoordinatorOptions;
  readonly #queries = new Map<string, ScriptedQuery>();
  /** Submitted, and never polled: in the order of submission. */
  readonly #unpolled = new Set<ScriptedQuery>();
  readonly #live = new Set<ScriptedQuery>();
  readonly #past = new Set<ScriptedQuery>();
  readonly #transactions = new Set<string>();
  readonly #sweeper: NodeJS.Timeout;
  #counter = 0;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#abandon(), Math.max(20, Math.min(1000, options.clientTimeoutMs / 4)));
    this.#sweeper.unref();
  }

  get starting(): boolean {
    return Date.now() - this.startedAt < this.#options.startingMs;
  }

  /** Ends this incarnation: held polls are let go, nothing is answered any more. */
  stop(): void {
    clearInterval(this.#sweeper);
    const message = 'The coordinator is gone';
    for (const query of this.#live)
      query.fail({ name: 'SERVER_SHUTTING_DOWN', code: 65545, type: 'INTERNAL_ERROR', message });
  }

  submit(submitted: Submitted): ScriptedQuery {
    this.#options.counts.submitted += 1;
    const query = new ScriptedQuery(
      { ...submitted, id: this.#nextId(), resolve: () => this.#scriptOf(submitted) },
      {
        begun: (begun) => this.#begun(begun),
        ended: (ended) => this.#ended(ended),
      },
    );
    this.#queries.set(query.id, query);
    this.#unpolled.add(query);
    return query;
  }

  /** The query of a statement link; also those that were never polled. */
  find(id: string): ScriptedQuery | undefined {
    return this.#queries.get(id);
  }

  /** The query as the rest of the API knows it: only once it was created. */
  created(id: string): ScriptedQuery | undefined {
    const query = this.#queries.get(id);
    return query?.begun ? query : undefined;
  }

  all(): ScriptedQuery[] {
    return [...this.#queries.values()].filter((query) => query.begun);
  }

  kill(id: string, message: string | undefined, how: 'killed' | 'preempted'): KillOutcome {
    const query = this.created(id);
    if (query === undefined) return 'unknown';
    if (query.ended) return 'ended';
    query.fail(how === 'killed' ? killed(message) : preempted(message));
    return 'accepted';
  }

  #nextId(): string {
    const now = new Date().toISOString();
    const counter = String(this.#counter++ % 100_000).padStart(5, '0');
    return `${now.slice(0, 10).replaceAll('-', '')}_${now.slice(11, 19).replaceAll(':', '')}_${counter}_${this.suffix}`;
  }

  #scriptOf(submitted: Submitted): StatementScript {
    const refusal = this.#refusal(submitted);
    if (refusal !== undefined) return { error: refusal, errorAt: 'queued' };
    return this.#options.script(submitted) ?? builtInStatement(submitted, this.#effects) ?? {};
  }

  #refusal(submitted: Submitted): ScriptedError | undefined {
    const { user, authenticatedAs, transactionId: id, statement } = submitted;
    if (this.starting) {
      return {
        name: 'SERVER_STARTING_UP',
        code: 65548,
        type: 'INTERNAL_ERROR',
        message: 'Trino server is still initializing',
      };
    }
    if (user !== authenticatedAs && !this.#options.mayAct(authenticatedAs, user)) {
      const message = `Access Denied: User ${authenticatedAs} cannot impersonate user ${user}`;
      return { name: 'PERMISSION_DENIED', code: 4, type: 'USER_ERROR', message };
    }
    if (statement.length > 1_000_000) {
      const message = `Query text length (${statement.length}) exceeds the maximum length (1000000)`;
      return { name: 'QUERY_TEXT_TOO_LARGE', code: 35, type: 'USER_ERROR', message };
    }
    if (id !== undefined && id !== 'NONE' && !this.#transactions.has(id)) {
      const message = `Unknown transaction ID: ${id}. Possibly expired? Commands ignored until end of transaction block`;
      return { name: 'UNKNOWN_TRANSACTION', code: 20, type: 'USER_ERROR', message };
    }
    return undefined;
  }

  readonly #effects: Effects = {
    startTransaction: () => {
      const id = randomUUID();
      this.#transactions.add(id);
      return id;
    },
    endTransaction: (id) => void this.#transactions.delete(id),
    kill: (id, message) => {
      const outcome = this.kill(id, message, 'killed');
      if (outcome === 'accepted') return undefined;
      return outcome === 'unknown'
        ? { name: 'NOT_FOUND', code: 5, type: 'USER_ERROR', message: `Target query not found: ${id}` }
        : { name: 'NOT_SUPPORTED', code: 13, type: 'USER_ERROR', message: `Target query is not running: ${id}` };
    },
    runtimeQueries: () => {
      const load = this.#options.load();
      if (load !== undefined) return Object.entries(load).flatMap(([state, count]) => pretended(state, count));
      return this.all().map(({ id, state, user, source, statement, error, submittedAt, startedAt, endedAt }) => ({
        query_id: id,
        state,
        user,
        source: source ?? null,
        query: statement,
        error_type: error?.type ?? null,
        error_code: error?.name ?? null,
        created: submittedAt / 1_000,
        started: startedAt === undefined ? null : startedAt / 1_000,
        end: endedAt === undefined ? null : endedAt / 1_000,
      }));
    },
    runtimeTransactions: () => {
      const row = (transaction_id: string, auto_commit_context: boolean, at = Date.now()) => ({
        transaction_id,
        auto_commit_context,
        create_time: at / 1_000,
      });
      const ofStatements = [...this.#live].map(({ startedAt }) => row(randomUUID(), true, startedAt));
      return [...[...this.#transactions].map((id) => row(id, false)), ...ofStatements];
    },
    nodes: () => [
      { node_id: 'scripted', http_uri: 'http://127.0.0.1', node_version: '476', coordinator: true, state: 'active' },
    ],
  };

  #begun(query: ScriptedQuery): void {
    const { counts } = this.#options;
    this.#unpolled.delete(query);
    this.#live.add(query);
    counts.created += 1;
    counts.running += 1;
    if (counts.running > counts.highWaterMark) counts.highWaterMark = counts.running;
    this.#options.ran(query);
  }

  #ended(query: ScriptedQuery): void {
    if (!this.#live.delete(query)) return;
    const { counts } = this.#options;
    counts.running -= 1;
    if (query.state === 'FINISHED') counts.finished += 1;
    else counts.failed += 1;
    this.#past.add(query);
    this.#forgetOldest();
  }

  #abandon(): void {
    const oldest = Date.now() - this.#options.clientTimeoutMs;
    for (const query of this.#unpolled) {
      if (query.seenAt > Date.now() - UNPOLLED_MS) break;
      this.#unpolled.delete(query);
      this.#queries.delete(query.id);
    }
    for (const query of this.#live) {
      if (query.held || query.seenAt > oldest) continue;
      const message =
        `Query ${query.id} was abandoned by the client, as it may have exited or stopped checking for query results. ` +
        `Query results have not been accessed since ${new Date(query.seenAt).toISOString()}: currentTime ${new Date().toISOString()}`;
      query.fail({ name: 'ABANDONED_QUERY', code: 2, type: 'USER_ERROR', message });
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#past;
    if (oldest === undefined || this.#past.size <= this.#options.maxHistory) return;
    this.#past.delete(oldest);
    this.#queries.delete(oldest.id);
  }
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** The five characters a coordinator draws when it starts. */
function freshSuffix(): string {
  return Array.from(randomBytes(5), (byte) => alphabet[byte & 31]).join('');
}

function pretended(state: string, count: number): RuntimeQuery[] {
  return Array.from({ length: count }, (_, at) => ({
    query_id: `20260101_000000_${String(at).padStart(5, '0')}_aaaaa`,
    state,
    user: 'somebody',
    source: null,
    query: 'SELECT',
  }));
}
