import type { Executor, ExecutorEvents, StartExecutor } from './executor.ts';

/** Executors of one script, of which one more than is used has always been started. */
export type Supply = AsyncDisposable & {
  /**
   * The one that is kept warm, whose place another takes; or one that is started now.
   * @param events of it, from now on
   */
  take(events: ExecutorEvents, warm: boolean): Executor;
};

type Spare = { executor: Executor; events: { current: ExecutorEvents | undefined }; endedAs?: string };

/** @param start of one; the first is started at once */
export function createSupply(start: StartExecutor): Supply {
  const all = new Set<Executor>();
  let disposed = false;
  const startSpare = (): Spare => {
    const events: Spare['events'] = { current: undefined };
    const spare: Spare = {
      events,
      executor: start({
        answered: (result) => events.current?.answered(result),
        ended: (why) => {
          spare.endedAs = why;
          all.delete(spare.executor);
          events.current?.ended(why);
        },
      }),
    };
    all.add(spare.executor);
    spare.executor.ready.catch(() => {}); // heard when it is taken
    return spare;
  };
  let spare = startSpare();
  const fresh = (): Spare => (spare.endedAs === undefined ? spare : startSpare());
  return {
    take(events, warm) {
      const taken = warm ? fresh() : startSpare();
      taken.events.current = events;
      if (warm && !disposed) spare = startSpare();
      return {
        ...taken.executor,
        end: () => {
          all.delete(taken.executor);
          return taken.executor.end();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.all([...all].map((executor) => executor.end()));
    },
  };
}
