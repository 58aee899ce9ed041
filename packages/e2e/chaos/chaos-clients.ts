import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { isTemporaryQueryId, querySuffix } from '@trino-gateway/trino/query-id';
import { chaosRows, chaosStatement } from './chaos-cluster.ts';
import type { Random } from './random.ts';

/** How a client behaves with one statement. */
type Manner = 'patient' | 'slow' | 'sleeps' | 'cancels' | 'leaves' | 'resubmits';

/** What became of one statement. */
export type Outcome =
  | 'right'
  | 'cancelled'
  | 'left'
  /** An error page that tells of what was done: its cluster died, it was not polled for too long, nobody could take it. */
  | 'failed'
  /** Its link was known to nobody any more, because its cluster has died. */
  | 'gone'
  /** The same of a statement whose cluster lives, or that waited in the gateway: never right. */
  | 'lost'
  /** Any other error page: never right. */
  | 'refused'
  /** Rows of another query, or none: never right. */
  | 'wrong'
  /** No end within the patience of a client: never right. */
  | 'stuck';

/** What the clients saw. */
export type Seen = { outcomes: Map<Outcome, number>; errors: Map<string, number>; complaints: string[] };

export type ClientsOptions = {
  routers: readonly string[];
  clients: number;
  random: Random;
  /** Whether the coordinator that drew these last five characters of its ids lives. */
  isAlive(suffix: string): boolean;
  /** Clients begin nothing new afterwards. */
  signal: AbortSignal;
};

const USERS = ['ann', 'bob', 'eve', 'joe', 'zoe'];
const PATIENCE_MS = 180_000;
const REQUEST_MS = 30_000;
const RETRY_MS = 100;
const NEVER_RIGHT: ReadonlySet<Outcome> = new Set(['lost', 'refused', 'wrong', 'stuck']);
/** Clusters here give up who does not poll for seconds: so long as a router may be away on a busy machine. */
const EXPECTED_ERRORS = new Set(['ABANDONED_QUERY', 'REMOTE_HOST_GONE', 'NO_NODES_AVAILABLE']);
const BUSY = new Set([502, 503, 504]);

/** Runs so many clients, each with one statement after the other; answers when the last has come to its end. */
export async function runClients(options: ClientsOptions): Promise<Seen> {
  const seen: Seen = { outcomes: new Map(), errors: new Map(), complaints: [] };
  const count = <T>(map: Map<T, number>, key: T) => void map.set(key, (map.get(key) ?? 0) + 1);
  let number = 0;
  const client = async (random: Random) => {
    while (!options.signal.aborted) {
      number += 1;
      const mine = number;
      const { outcome, text } = await runOne(mine, random, options);
      count(seen.outcomes, outcome);
      if (outcome === 'failed') count(seen.errors, text.replace(/:.*/s, ''));
      if (NEVER_RIGHT.has(outcome)) seen.complaints.push(`statement ${mine} ${outcome}: ${text}`);
      await delay(random.whole(0, 200));
    }
  };
  await Promise.all(Array.from({ length: options.clients }, () => client(options.random.fork())));
  return seen;
}

const WEIGHTS: Readonly<Record<Manner, number>> = {
  patient: 14,
  slow: 4,
  sleeps: 1,
  cancels: 3,
  leaves: 3,
  resubmits: 2,
};
const DICE = (Object.keys(WEIGHTS) as Manner[]).flatMap((manner) => Array<Manner>(WEIGHTS[manner]).fill(manner));
/** Longer than a slot is kept for a query that nobody has polled. */
const SLEEP_MS = 32_000;

async function runOne(
  number: number,
  random: Random,
  { routers, isAlive }: ClientsOptions,
): Promise<{ outcome: Outcome; text: string }> {
  const manner = random.pick(DICE);
  const polls = manner === 'cancels' || manner === 'leaves' ? random.whole(0, 6) : Number.POSITIVE_INFINITY;
  const deadline = Date.now() + PATIENCE_MS;
  const headers = { 'x-trino-user': random.pick(USERS) };
  let router = random.pick(routers);
  /** What the last attempts of a request came to. */
  let tries: string[] = [];
  const request = async (path: string, init: RequestInit): Promise<Page | number> => {
    tries = [];
    for (;;) {
      const began = Date.now();
      const note = (what: string) => {
        const at = new Date(began).toISOString().slice(11, 19);
        tries = [...tries, `${at} ${init.method ?? 'GET'} ${router}${path}: ${what} in ${Date.now() - began} ms`].slice(
          -5,
        );
      };
      try {
        const limit = AbortSignal.timeout(REQUEST_MS);
        const answer = await fetch(router + path, { headers, ...init, signal: limit });
        const text = await answer.text();
        if (answer.status === 200) return JSON.parse(text) as Page;
        note(`${answer.status} ${text.slice(0, 200)}`);
        if (!BUSY.has(answer.status)) return answer.status;
      } catch (error) {
        // A router that was killed: its replica may go on.
        note(error instanceof Error ? `${error.name} ${String(error.cause ?? '')}` : String(error));
      }
      if (Date.now() > deadline) return 0;
      if (random.chance(50)) router = random.pick(routers);
      await delay(RETRY_MS);
    }
  };
  const post = () => request('/v1/statement', { method: 'POST', body: chaosStatement(number) });
  // A client whose connection broke before the answer: what it submitted first it never polls.
  if (manner === 'resubmits') await post();
  let page = await post();
  let id = '';
  const rows: unknown[][] = [];
  let sleeps = manner === 'sleeps';
  for (let polled = 0; ; polled++) {
    if (page === 0) return { outcome: 'stuck', text: tries.join(', ') };
    if (typeof page === 'number') {
      const isLost = id === '' || isTemporaryQueryId(id) || isAlive(querySuffix(id) ?? '');
      return { outcome: isLost ? 'lost' : 'gone', text: tries.join(', ') };
    }
    id = page.id;
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) break;
    const path = new URL(page.nextUri).pathname;
    if (polled >= polls) {
      if (manner === 'leaves') return { outcome: 'left', text: '' };
      await request(path, { method: 'DELETE' });
      return { outcome: 'cancelled', text: '' };
    }
    if (Date.now() > deadline) return { outcome: 'stuck', text: `${page.id} is ${page.stats.state}` };
    if (manner === 'slow') await delay(random.whole(0, 2_000));
    if (sleeps && !isTemporaryQueryId(id)) {
      sleeps = false;
      await delay(SLEEP_MS);
    }
    page = await request(path, {});
  }
  const { error } = page;
  if (error)
    return {
      outcome: EXPECTED_ERRORS.has(error.errorName) ? 'failed' : 'refused',
      text: `${error.errorName}: ${error.message}`,
    };
  const right = JSON.stringify(rows) === JSON.stringify(chaosRows(number));
  return { outcome: right ? 'right' : 'wrong', text: JSON.stringify(rows).slice(0, 200) };
}
