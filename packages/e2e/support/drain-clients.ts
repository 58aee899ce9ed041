import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import type { Random } from './random.ts';

/** A statement as its client knows it, from the submission to the last page. */
type Held = { id: string; isPolling: boolean };
/** A transaction, from the answer that told its id to that of its end. */
type Transaction = { suffix: string; isEnding: boolean };

/** How one statement is run. */
export type Run = {
  /** Default: the routers in turn. */
  url?: string;
  headers?: Record<string, string>;
  /** Between two polls; default none. */
  pauseMs?: () => number;
  /** So many pages are read; then its client is never heard of again. */
  pages?: number;
};

/** Clients of five kinds, who know better than anybody what they still wait for. */
export type DrainClients = {
  run(statement: string, run?: Run): Promise<Page | undefined>;
  /** Begins, reads twice and commits. */
  transaction(number: number): Promise<void>;
  /** What clients wait for of an incarnation: queries whose next page nobody has asked for, transactions that nobody ends. */
  waitedFor(suffix: string): string[];
  /** Those that a page of this incarnation has yet to answer. */
  polling(suffix: string): string[];
  /** Called with each page that is not the last one. */
  onPage: (id: string) => void;
  /** Statements that failed, with Trino's or the gateway's words. */
  readonly failures: string[];
};

const RETRY_MS = 60_000;
class Vanished extends Error {}

export function createDrainClients(urls: readonly string[], random: Random): DrainClients {
  const held = new Set<Held>();
  const transactions = new Map<string, Transaction>();
  let turn = 0;
  const nextUrl = () => urls[turn++ % urls.length] ?? '';
  const clients: DrainClients = {
    failures: [],
    onPage: () => {},
    waitedFor: (suffix) => [
      ...[...held].filter(({ id, isPolling }) => id.endsWith(suffix) && !isPolling).map(({ id }) => id),
      ...[...transactions].filter(([, one]) => one.suffix === suffix && !one.isEnding).map(([id]) => id),
    ],
    polling: (suffix) => [...held].filter(({ id, isPolling }) => id.endsWith(suffix) && isPolling).map(({ id }) => id),
    run: (statement, run = {}) => runHeld(statement, run, () => {}),
    transaction: async (number) => {
      let id = '';
      await runHeld('START TRANSACTION', { headers: { 'x-trino-transaction-id': 'NONE' } }, (page, started) => {
        if (started === undefined) return;
        id = started;
        transactions.set(id, { suffix: page.id.slice(-5), isEnding: false });
      });
      const one = transactions.get(id);
      if (one === undefined) return;
      const run = { headers: { 'x-trino-transaction-id': id }, pauseMs: () => random.whole(0, 800) };
      for (const table of ['region', 'nation']) {
        await delay(random.whole(0, 2_000));
        await runHeld(`SELECT count(*) FROM tpch.tiny.${table} /* ${number} */`, run, () => {});
      }
      await delay(random.whole(0, 2_000));
      one.isEnding = true;
      await runHeld(number % 2 === 0 ? 'COMMIT' : 'ROLLBACK', run, () => {});
      transactions.delete(id);
    },
  };

  const runHeld = async (
    statement: string,
    { url = nextUrl(), headers = {}, pauseMs = () => 0, pages = Number.POSITIVE_INFINITY }: Run,
    onAnswer: (page: Page, startedTransaction: string | undefined) => void,
  ): Promise<Page | undefined> => {
    const one: Held = { id: '', isPolling: true };
    held.add(one);
    let [left, last] = [pages, undefined as Page | undefined];
    try {
      await runQuery(url, statement, {
        headers,
        retryForMs: RETRY_MS,
        onPage: async (page, answer) => {
          one.id = page.id;
          last = page;
          const started = answer.headers['x-trino-started-transaction-id'];
          onAnswer(page, typeof started === 'string' ? started : undefined);
          if (page.nextUri === undefined) return;
          clients.onPage(page.id);
          one.isPolling = false;
          left -= 1;
          if (left === 0) throw new Vanished();
          await delay(pauseMs());
          one.isPolling = true;
        },
      });
      if (last?.error) clients.failures.push(`${statement}: ${last.error.errorName}: ${last.error.message}`);
      return last;
    } catch (error) {
      if (!(error instanceof Vanished)) clients.failures.push(`${statement}: ${(error as Error).message}`);
      return undefined;
    } finally {
      held.delete(one);
    }
  };
  return clients;
}
