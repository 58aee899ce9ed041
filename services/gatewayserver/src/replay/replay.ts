import { setTimeout as pause } from 'node:timers/promises';
import type { Query } from '@trino-gateway/api/gateway';
import type { ChainAnswer, StepHit } from '../routing/chain/chain-answer.ts';
import { type RoutedQuery, routedQuery } from '../routing/chain/routed-query.ts';
import type { CompiledChain } from '../routing/chain/routing-chain.ts';
import { type Comparing, type Comparison, createComparing, type Fate } from './compare.ts';
import { pastQuery } from './past-query.ts';

/** A page of the history, newest first. */
export type HistoryPage = { queries: readonly Query[]; next: string };

export type ReplayOptions = {
  chain: CompiledChain;
  /** Compared with what this one says, instead of what history says. */
  current: CompiledChain | undefined;
  ask(query: RoutedQuery, chain: CompiledChain, chance: number): ChainAnswer | Promise<ChainAnswer>;
  readPage(pageToken: string, size: number): Promise<HistoryPage>;
  /** How many queries are read. */
  last: number;
  examples: number;
  timeLimitMs: number;
  signal: AbortSignal;
};

/** What a replay found. */
export type Replayed = Comparison & {
  read: number;
  /** Why queries could not be replayed, and how many. */
  notReplayed: Map<string, number>;
  hits: Map<string, StepHit & { count: number }>;
  /** Queries of which history does not have all that routing looks at. */
  incomplete: number;
  oldest: Query | undefined;
  newest: Query | undefined;
  /** Why it ended before all was read; empty otherwise. */
  endedEarly: string;
};

const PAGE = 50; // statements may have a million characters each
/** Half of the time is left to others, and no turn of the event loop takes long. */
const SLICE_MS = 2;
const PAUSE_MS = 2;

/** Asks a chain about the last queries of the history, in slices that leave the event loop to others. */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { last, readPage, signal, timeLimitMs, examples } = options;
  const began = performance.now();
  const isOver = () => performance.now() - began > timeLimitMs;
  const run = createRun(options, createComparing(examples));
  let token = '';
  do {
    const page = await readPage(token, Math.min(PAGE, last - run.found.read));
    token = page.next;
    let sliceBegan = performance.now();
    for (const query of page.queries) {
      if (signal.aborted) return run.end('the caller has gone');
      if (isOver()) return run.end(`its time of ${timeLimitMs} ms was over`);
      await run.add(query);
      if (performance.now() - sliceBegan < SLICE_MS) continue;
      await pause(PAUSE_MS);
      sliceBegan = performance.now();
    }
    await pause(PAUSE_MS);
  } while (token !== '' && run.found.read < last);
  return run.end('');
}

type Found = Omit<Replayed, keyof Comparison>;

function createRun(options: ReplayOptions, comparing: Comparing) {
  const { chain, current, ask } = options;
  const found: Found = {
    read: 0,
    notReplayed: new Map(),
    hits: new Map(),
    incomplete: 0,
    oldest: undefined,
    newest: undefined,
    endedEarly: '',
  };
  return {
    found,
    async add(query: Query): Promise<void> {
      found.read++;
      found.newest ??= query;
      found.oldest = query;
      const past = pastQuery(query);
      if ('why' in past) {
        found.notReplayed.set(past.why, (found.notReplayed.get(past.why) ?? 0) + 1);
        return;
      }
      if (!past.isComplete) found.incomplete++;
      const routed = routedQuery(past.submitted, past.submittedAt);
      const chance = chanceOf(query.id);
      const answer = await ask(routed, chain, chance);
      countHits(found.hits, answer.hits);
      const before = current ? fateOf(await ask(routed, current, chance)) : past.before;
      const { id, user, source, text } = query;
      comparing.add({ id, user, source, text }, before, fateOf(answer), groupsOf(answer));
    },
    end: (endedEarly: string): Replayed => ({ ...found, ...comparing.result(), endedEarly }),
  };
}

/** From 0 up to but not 1; the same for the same query, so that a replay may be repeated. */
function chanceOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

function groupsOf(answer: ChainAnswer): string[] {
  return answer.kind === 'groups' ? answer.candidates.map(({ groupId }) => groupId) : [];
}

function fateOf(answer: ChainAnswer): Fate {
  if (answer.kind === 'groups') return { groupId: answer.candidates[0]?.groupId ?? '' };
  const { message, stepId = '', ruleId = '' } = answer;
  return { refused: message, stepId, ruleId };
}

function countHits(hits: Replayed['hits'], more: readonly StepHit[]): void {
  for (const hit of more) {
    const key = JSON.stringify([hit.stepId, hit.ruleId, hit.did]);
    const known = hits.get(key);
    if (known) known.count++;
    else hits.set(key, { ...hit, count: 1 });
  }
}
