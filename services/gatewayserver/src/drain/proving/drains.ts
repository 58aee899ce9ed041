import { setTimeout as delay } from 'node:timers/promises';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { forgetSeals } from '../../admission/rules/seal.ts';
import { takesNoQueries } from '../../configuration/monitor-backend.ts';
import { DatabaseUnavailableError } from '../../storage/contract/errors.ts';
import { createProver, type DrainStatus, type ProveOptions, type Prover } from './prove-drain.ts';

/** Finds out what ties backends that take no new queries. */
export type Drains = AsyncDisposable & {
  /** What ties a backend now; nothing is sealed for it. Undefined when there is no such backend. */
  status(backendId: string): Promise<DrainStatus | undefined>;
  /**
   * The same as soon as the backend is drained, and then sealed; else when the wait is over, the caller has gone or the process stops.
   * @throws TooManyWaitersError
   */
  wait(backendId: string, options: { waitMs: number; gone: AbortSignal }): Promise<DrainStatus | undefined>;
};

/** So many wait for drains already that no more can. */
export class TooManyWaitersError extends Error {}

type Options = ProveOptions & {
  logger: Logger;
  /** Aborted when the process stops. */
  stopping: AbortSignal;
};

const MOST_WAITERS = 200;
const LOOK_EVERY_MS = 250;
const UPKEEP_EVERY_MS = 60_000;
/** A drain that nobody has asked for in this time is not looked after any more. */
const UNASKED_MS = 600_000;
/** A router that has told nothing for this long has nothing to tell of any more. */
const FORGOTTEN_MS = 3_600_000;

/** Begins to look after drains. */
export function openDrains(options: Options): Drains {
  const { configuration, logger, stopping } = options;
  const provers = new Map<string, Prover>();
  const looking = new Map<string, Promise<DrainStatus | undefined>>();
  let waiters = 0;
  const proverOf = (backendId: string): Prover => {
    const prover = provers.get(backendId) ?? createProver(options, backendId);
    if (configuration.known.backends.has(backendId)) provers.set(backendId, prover);
    else provers.delete(backendId);
    return prover;
  };
  /** Those who ask for the same at the same time share one look. */
  const look = (backendId: string, mayProve: boolean): Promise<DrainStatus | undefined> => {
    const key = `${mayProve} ${backendId}`;
    const shared =
      looking.get(key) ??
      lookUnlessAway(proverOf(backendId), mayProve, () => unknownStatus(options, backendId)).finally(() =>
        looking.delete(key),
      );
    looking.set(key, shared);
    return shared;
  };
  const upkeep = every(UPKEEP_EVERY_MS, 'looking after drains', logger, () => keepUp(options, provers));
  return {
    status: (backendId) => look(backendId, false),
    async wait(backendId, { waitMs, gone }) {
      if (waiters >= MOST_WAITERS) throw new TooManyWaitersError();
      waiters += 1;
      const signal = AbortSignal.any([gone, stopping]);
      const until = performance.now() + waitMs;
      try {
        for (;;) {
          const status = await look(backendId, true);
          const leftMs = until - performance.now();
          if (status === undefined || status.drained || leftMs <= 0 || signal.aborted) return status;
          await delay(Math.min(LOOK_EVERY_MS, leftMs), undefined, { signal }).catch(() => undefined);
        }
      } finally {
        waiters -= 1;
      }
    },
    [Symbol.asyncDispose]: () => upkeep[Symbol.asyncDispose](),
  };
}

/** While the database is away nothing is known, and nothing is proven. */
async function lookUnlessAway(
  prover: Prover,
  mayProve: boolean,
  unknown: () => DrainStatus | undefined,
): Promise<DrainStatus | undefined> {
  try {
    return await prover.look(mayProve);
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) return unknown();
    throw error;
  }
}

function unknownStatus({ configuration }: Options, backendId: string): DrainStatus | undefined {
  const { known } = configuration;
  if (!known.backends.has(backendId)) return undefined;
  const suffix = known.statuses.get(backendId)?.coordinatorId ?? '';
  const draining = takesNoQueries(known, backendId);
  const text = 'the database of the gatewayserver does not answer';
  return {
    ...{ draining, drained: false, sealed: known.seals.has(suffix), suffix },
    remaining: [{ kind: 'UNKNOWN', count: 1, text }],
  };
}

/** Ends what nobody asks for, and forgets incarnations and routers that are out of use. */
async function keepUp({ store, ledger, configuration, logger }: Options, provers: Map<string, Prover>): Promise<void> {
  const { known } = configuration;
  for (const id of provers.keys()) if (!known.backends.has(id)) provers.delete(id);
  const used = new Set(known.incarnations.map(({ suffix }) => suffix));
  for (const { coordinatorId } of known.statuses.values()) used.add(coordinatorId);
  const unused = [...known.seals.keys()].filter((suffix) => !used.has(suffix));
  try {
    if (unused.length > 0) await ledger.run((admission) => forgetSeals(admission, unused));
    if (known.drains.length > 0) await store.drains.endUnasked(UNASKED_MS);
    // Its group is not scaled any more, for example.
    for (const drain of known.drains)
      if (!known.seals.has(drain.suffix) && !takesNoQueries(known, drain.backendId)) await store.drains.end(drain);
    await store.drains.prune(FORGOTTEN_MS);
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    logger.debug('drains could not be looked after: the database does not answer', { error: describeError(error) });
  }
}
