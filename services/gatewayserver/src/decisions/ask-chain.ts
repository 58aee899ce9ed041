import { describeError } from '@trino-gateway/runtime';
import {
  beginning,
  type ChainAnswer,
  type ChainProgress,
  conclude,
  hear,
  hearFailure,
} from '../routing/chain/chain-answer.ts';
import type { Opinion } from '../routing/chain/opinion.ts';
import { type Asker, askerOf } from '../routing/chain/pass-over.ts';
import type { RoutedQuery } from '../routing/chain/routed-query.ts';
import type { ChainStep, CompiledChain } from '../routing/chain/routing-chain.ts';
import type { ChainSnapshot } from '../routing/chain/step-kind.ts';

/** What asking a chain depends on. */
export type Asking = { snapshot: ChainSnapshot; chance: number; defaultGroupId: string | undefined };

/**
 * Asks the steps in order until one has an opinion. A promise only when one of them answers with a promise; that one is waited for
 * as long as its own limit and the chain's allow. A step that fails or is late is no opinion, unless it is to refuse then.
 */
export function askChain(chain: CompiledChain, query: RoutedQuery, asking: Asking): ChainAnswer | Promise<ChainAnswer> {
  const began = performance.now();
  const leftMs = () => chain.limitMs - (performance.now() - began);
  return askFrom(0, { chain, query, asking, leftMs, progress: beginning(), asker: askerOf(query) });
}

type Run = {
  chain: CompiledChain;
  query: RoutedQuery;
  asking: Asking;
  /** Of the chain's time. */
  leftMs: () => number;
  progress: ChainProgress;
  asker: Asker;
};

function askFrom(first: number, run: Run): ChainAnswer | Promise<ChainAnswer> {
  const { chain, progress, asking, asker } = run;
  for (let at = first; at < chain.steps.length; at++) {
    const step = chain.steps[at] as ChainStep;
    const heard = ask(step, run);
    if (heard instanceof Promise) return heard.then((answer) => answer ?? askFrom(at + 1, run));
    if (heard !== undefined) return heard;
  }
  return conclude(progress, chain, asking.defaultGroupId, { asker, snapshot: asking.snapshot });
}

/** What one step says: the answer when it decides. */
function ask(step: ChainStep, run: Run): ChainAnswer | undefined | Promise<ChainAnswer | undefined> {
  const { query, asking, leftMs, progress } = run;
  const { snapshot, chance } = asking;
  const limitMs = Math.min(step.limitMs ?? Number.POSITIVE_INFINITY, leftMs());
  if (limitMs < 1) return hearFailure(progress, step, 'the time of the chain is over');
  let stop: AbortController | undefined;
  const signal = () => {
    stop ??= new AbortController();
    return stop.signal;
  };
  try {
    const said = step.ask(query, { snapshot, chance, limitMs, signal });
    if (!(said instanceof Promise)) return hear(progress, step, said, { asker: run.asker, snapshot });
    return within(limitMs, said)
      .then(
        (opinion) => hear(progress, step, opinion, { asker: run.asker, snapshot }),
        (error: unknown) => hearFailure(progress, step, describeError(error)),
      )
      .finally(() => stop?.abort());
  } catch (error) {
    return hearFailure(progress, step, describeError(error));
  }
}

async function within(limitMs: number, said: Promise<Opinion>): Promise<Opinion> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`it did not answer within ${Math.round(limitMs)} ms`)),
    Math.ceil(limitMs),
  );
  try {
    return await Promise.race([said, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
