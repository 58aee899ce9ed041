import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { isTemporaryQueryId, querySuffix } from '@trino-gateway/trino/query-id';
import type { Random } from '../../support/random.ts';
import { chaosStatement } from '../clusters/chaos-cluster.ts';
import { outcomeOf, type Told } from './outcome.ts';
import { patientRequests } from './patient-requests.ts';

/** How a client behaves with one statement. */
type Behaviour = 'patient' | 'slow' | 'sleeps' | 'cancels' | 'leaves' | 'resubmits';

export type ChaosClientOptions = {
  routers: readonly string[];
  /** Whether the coordinator whose ids end in these five characters is running. */
  isAlive(suffix: string): boolean;
};

const USERS = ['ann', 'bob', 'eve', 'joe', 'zoe'];
const PATIENCE_MS = 180_000;
/** Longer than a slot is kept for a query that nobody has polled. */
const SLEEP_MS = 32_000;
const LONGEST_SLOW_PAUSE_MS = 2_000;
const MOST_POLLS_BEFORE_LEAVING = 6;
const WEIGHTS: Readonly<Record<Behaviour, number>> = {
  patient: 14,
  slow: 4,
  sleeps: 1,
  cancels: 3,
  leaves: 3,
  resubmits: 2,
};
const DICE = (Object.keys(WEIGHTS) as Behaviour[]).flatMap((one) => Array<Behaviour>(WEIGHTS[one]).fill(one));

/** Submits the statement of that number and follows it, as a client of one behaviour or another does. */
export async function runChaosStatement(number: number, random: Random, options: ChaosClientOptions): Promise<Told> {
  const behaviour = random.pick(DICE);
  const goesEarly = behaviour === 'cancels' || behaviour === 'leaves';
  const polls = goesEarly ? random.whole(0, MOST_POLLS_BEFORE_LEAVING) : Number.POSITIVE_INFINITY;
  const deadline = Date.now() + PATIENCE_MS;
  const requests = patientRequests({ routers: options.routers, random, user: random.pick(USERS), deadline });
  const submit = () => requests.send('/v1/statement', { method: 'POST', body: chaosStatement(number) });
  // A client whose connection broke before the answer: what it submitted first it never polls.
  if (behaviour === 'resubmits') await submit();
  let page = await submit();
  let id = '';
  const rows: unknown[][] = [];
  let sleeps = behaviour === 'sleeps';
  for (let polled = 0; ; polled++) {
    if (typeof page === 'number') return withoutPage(page, id, requests.attempts(), options);
    id = page.id;
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return outcomeOf(number, page, rows);
    const path = new URL(page.nextUri).pathname;
    if (polled >= polls) {
      if (behaviour === 'leaves') return { outcome: 'left', text: '' };
      await requests.send(path, { method: 'DELETE' });
      return { outcome: 'cancelled', text: '' };
    }
    if (Date.now() > deadline) return stuck(page);
    if (behaviour === 'slow') await delay(random.whole(0, LONGEST_SLOW_PAUSE_MS));
    if (sleeps && !isTemporaryQueryId(id)) {
      sleeps = false;
      await delay(SLEEP_MS);
    }
    page = await requests.send(path);
  }
}

/** Of a statement whose link was answered with a status, or not at all (0). */
function withoutPage(status: number, id: string, text: string, { isAlive }: ChaosClientOptions): Told {
  if (status === 0) return { outcome: 'stuck', text };
  const isLost = id === '' || isTemporaryQueryId(id) || isAlive(querySuffix(id) ?? '');
  return { outcome: isLost ? 'lost' : 'gone', text };
}

const stuck = ({ id, stats }: Page): Told => ({ outcome: 'stuck', text: `${id} is ${stats.state}` });
