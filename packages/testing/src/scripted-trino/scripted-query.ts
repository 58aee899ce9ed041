import { errorText, scriptText, statsText } from './page-text.ts';
import { type Page, PhaseLinks } from './phase-links.ts';
import type { Spooling } from './spooling.ts';
import { type ScriptedError, type StatementScript, userCanceled } from './statement-script.ts';

/** What a poll of a token that is neither current nor next gets. */
export type Refusal = 404 | 410;

/** Trino holds a poll that has nothing to say for this long. */
const holdMs = 1000;

/** Notified by a query when it begins and ends to count. */
export type QueryWatcher = { begun(query: ScriptedQuery): void; ended(query: ScriptedQuery): void };

/** What a query is about, as the submission said. */
export type Submission = {
  id: string;
  statement: string;
  user: string;
  source: string | undefined;
  rawHeaders: readonly string[];
  /** Where its results are spooled, when they are. */
  spooling: Spooling | undefined;
  /** Asked once, when the query begins: a statement nobody polls changes nothing. */
  resolve: () => StatementScript;
};

/** One statement on its way from the POST to its last page. It begins to run at its first GET or HEAD, not before. */
export class ScriptedQuery {
  readonly id: string;
  readonly statement: string;
  readonly user: string;
  readonly source: string | undefined;
  readonly rawHeaders: readonly string[];
  state: 'SUBMITTED' | 'QUEUED' | 'RUNNING' | 'FINISHED' | 'FAILED' = 'SUBMITTED';
  error: ScriptedError | undefined;
  /** Epoch milliseconds of the last sign of life of the client. */
  seenAt = Date.now();
  /** Epoch milliseconds of the POST. */
  readonly submittedAt = Date.now();
  /** Epoch milliseconds; undefined before. */
  startedAt: number | undefined;
  endedAt: number | undefined;
  readonly #spooling: Spooling | undefined;
  readonly #resolve: () => StatementScript;
  readonly #watcher: QueryWatcher;
  readonly #queued: PhaseLinks;
  readonly #executing: PhaseLinks;
  #script: StatementScript = {};
  #begun = false;
  #canceledEarly = false;
  #runningSince = 0;
  #served = 0;
  #dispatched = false;
  #wakers: (() => void)[] = [];

  constructor(submission: Submission, watcher: QueryWatcher) {
    this.id = submission.id;
    this.statement = submission.statement;
    this.user = submission.user;
    this.source = submission.source;
    this.rawHeaders = submission.rawHeaders;
    this.#spooling = submission.spooling;
    this.#resolve = submission.resolve;
    this.#watcher = watcher;
    this.#queued = new PhaseLinks(`/v1/statement/queued/${this.id}`, 0);
    this.#executing = new PhaseLinks(`/v1/statement/executing/${this.id}`, -1);
  }

  /** Whether its results are spooled. */
  get spools(): boolean {
    return this.#spooling !== undefined;
  }

  /** Whether it was created: only then Trino knows the id outside the statement resource. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether a client waits for an answer right now: such a query is not abandoned. */
  get held(): boolean {
    return this.#wakers.length > 0;
  }

  /** Whether it will never change again. */
  get ended(): boolean {
    return this.state === 'FINISHED' || this.state === 'FAILED';
  }

  /** The answer of the POST. */
  submitted(): Page {
    return { nextPath: this.#queued.path(1), tail: this.#queuedTail(), headers: [] };
  }

  /** Creates the query, once. */
  begin(): void {
    this.seenAt = Date.now();
    if (this.#begun) return;
    this.#begun = true;
    this.state = 'QUEUED';
    this.#watcher.begun(this);
    this.#script = this.#canceledEarly ? { error: userCanceled, errorAt: 'queued' } : this.#resolve();
    if (this.#script.error !== undefined && this.#script.errorAt === 'queued') this.fail(this.#script.error);
  }

  pollQueued(slug: string, token: number): Page | Promise<Page> | Refusal {
    if (!this.#queued.knows(slug, token)) return 404;
    this.begin();
    return this.#queued.page(token, () => this.#nextQueued(token)) ?? 410;
  }

  pollExecuting(slug: string, token: number): Page | Promise<Page> | Refusal {
    if (!this.#executing.knows(slug, token)) return 404;
    this.seenAt = Date.now();
    return this.#executing.page(token, () => this.#nextExecuting(token)) ?? (token < this.#executing.last ? 410 : 404);
  }

  /** HEAD of a queued link submits, as GET does; of an executing link it is only known after the first GET of one. */
  heartbeat(phase: 'queued' | 'executing', slug: string, token: number): boolean {
    if (phase === 'queued') {
      if (!this.#queued.knows(slug, token)) return false;
      this.begin();
      return true;
    }
    if (this.#executing.last < 0 || !this.#executing.knows(slug, token)) return false;
    this.seenAt = Date.now();
    return true;
  }

  /** Whether that link was issued by this query: it then may cancel it. */
  issued(phase: 'queued' | 'executing', slug: string, token: number): boolean {
    return (phase === 'queued' ? this.#queued : this.#executing).knows(slug, token);
  }

  /** A query that never began ends when it begins, as on a real coordinator. */
  cancel(): void {
    if (this.#begun) this.fail(userCanceled);
    else this.#canceledEarly = true;
  }

  /** Ends the query with an error, unless it has ended. */
  fail(error: ScriptedError): void {
    if (this.ended) return;
    this.begin();
    if (this.ended) return;
    this.error = error;
    this.#end('FAILED');
  }

  /** Ends the running stage early: what it has so far is its result. */
  finishEarly(): void {
    this.#runningSince = Number.NEGATIVE_INFINITY;
    this.wake();
  }

  /** Lets every held poll look again. */
  wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const waker of wakers) waker();
  }

  #end(state: 'FINISHED' | 'FAILED'): void {
    this.state = state;
    this.endedAt = Date.now();
    this.#watcher.ended(this);
    this.wake();
  }

  #hold(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waker = () => {
        clearTimeout(timer);
        this.#wakers = this.#wakers.filter((other) => other !== waker);
        this.seenAt = Date.now();
        resolve();
      };
      const timer = setTimeout(waker, Math.min(ms, holdMs));
      this.#wakers.push(waker);
    });
  }

  #elapsed(): number {
    return Date.now() - this.submittedAt;
  }

  #queuedTail(): string {
    return `${statsText('QUEUED', false, this.#elapsed())},"warnings":[]`;
  }

  #failedPage(scheduled: boolean): Page {
    const columns = scheduled && this.#script.columns !== undefined ? `${scriptText(this.#script).columns},` : '';
    const error = errorText(this.error ?? userCanceled);
    return { tail: `${columns}${statsText('FAILED', scheduled, this.#elapsed())},${error},"warnings":[]`, headers: [] };
  }

  #nextQueued(token: number): Page | Promise<Page> {
    if (this.state === 'FAILED') return this.#failedPage(false);
    const left = this.submittedAt + (this.#script.queuedMs ?? 0) - Date.now();
    if (left > 0 && token > 1) return this.#hold(left).then(() => this.#queuedPage(token));
    return this.#queuedPage(token);
  }

  #queuedPage(token: number): Page {
    if (this.state === 'FAILED') return this.#failedPage(false);
    const waiting = this.submittedAt + (this.#script.queuedMs ?? 0) > Date.now();
    if (waiting || token < (this.#script.queuedPolls ?? 2)) {
      return { nextPath: this.#queued.path(token + 1), tail: this.#queuedTail(), headers: [] };
    }
    const tail = this.#queuedTail();
    if (!this.#dispatched) {
      this.#dispatched = true;
      this.state = 'RUNNING';
      this.startedAt = this.#runningSince = Date.now();
    }
    return { nextPath: this.#executing.path(0), tail, headers: [] };
  }

  #runLeft(): number {
    return this.#runningSince + (this.#script.runMs ?? 0) - Date.now();
  }

  #nextExecuting(token: number): Page | Promise<Page> {
    if (this.state === 'FAILED') return this.#failedPage(true);
    const left = this.#runLeft();
    if (left > 0) return this.#hold(left).then(() => this.#executingPage(token));
    return this.#executingPage(token);
  }

  #executingPage(token: number): Page {
    if (this.state === 'FAILED') return this.#failedPage(true);
    if (this.#runLeft() > 0) return this.#runningPage(token, '');
    if (this.#script.error !== undefined) {
      if (token === 0) return this.#runningPage(token, '');
      this.fail(this.#script.error);
      return this.#failedPage(true);
    }
    if (this.#script.columns === undefined) return this.#lastPage('', false);
    const short = this.#script.paging === 'short';
    if (token === 0 && !short) return this.#runningPage(token, '');
    const { data } = scriptText(this.#script);
    const plain = data[this.#served];
    if (plain === undefined) return this.#lastPage('', true);
    const rows = this.#spooling?.spool(plain) ?? plain;
    this.#served += 1;
    return short && this.#served === data.length
      ? this.#lastPage(`${rows},`, true)
      : this.#runningPage(token, `${rows},`);
  }

  #runningPage(token: number, data: string): Page {
    const path = this.#executing.path(token + 1);
    const columns = this.#script.columns === undefined ? '' : `${scriptText(this.#script).columns},`;
    return {
      partialCancelPath: path
        .replace('/executing/', '/executing/partialCancel/')
        .replace(`${this.id}/`, `${this.id}/0/`),
      nextPath: path,
      tail: `${columns}${data}${statsText('RUNNING', true, this.#elapsed())},"warnings":[]`,
      headers: this.#script.answerHeaders ?? [],
    };
  }

  #lastPage(data: string, scheduled: boolean): Page {
    const { updateType, updateCount, answerHeaders } = this.#script;
    const update = updateType === undefined ? '' : `,"updateType":"${updateType}"`;
    const count = updateCount === undefined ? '' : `,"updateCount":${updateCount}`;
    const { columns } = scriptText(this.#script);
    if (!this.ended) this.#end('FINISHED');
    return {
      tail: `${columns},${data}${statsText('FINISHED', scheduled, this.#elapsed())},"warnings":[]${update}${count}`,
      headers: answerHeaders ?? [],
    };
  }
}
