import type { Backend, Backend_Scaler_State } from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import { pause } from '@trino-gateway/runtime';
import { SCALERS } from './scalers/registry.ts';
import type { CreateScaler, Scaler, ScalerKind, ScalerTarget } from './scalers/scaler.ts';

/** The scalers of all kinds. */
export type Scalers = AsyncDisposable & {
  /** @throws Error telling an operator why that is not known, within the time limit of the scaler */
  state(backend: Backend, signal: AbortSignal): Promise<Backend_Scaler_State>;
  /** @throws Error telling an operator why it failed, within the time limit of the scaler */
  tell(backend: Backend, action: 'START' | 'STOP', signal: AbortSignal): Promise<void>;
};

type AnyScaler = Scaler<ScalerKind>;
type AnyTarget = ScalerTarget<ScalerKind>;

const DEFAULT_TIME_LIMIT_MS = 10_000;
/** For a scaler to end by itself what its time is over for. */
const ENDING_MS = 250;

/** Creates one of each kind. */
export function createScalers(config: MonitorConfig, kinds: typeof SCALERS = SCALERS): Scalers {
  const scalers = new Map<string, AnyScaler>();
  for (const [kind, createOne] of Object.entries(kinds))
    scalers.set(kind, (createOne as CreateScaler<ScalerKind>)(config) as AnyScaler);
  const checked = new WeakSet<object>();

  const call = <T>(
    backend: Backend,
    stopped: AbortSignal,
    work: (scaler: AnyScaler, target: AnyTarget, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const { case: kind, value: settings } = backend.scaler?.kind ?? {};
    const scaler = scalers.get(kind ?? '');
    if (!scaler || settings === undefined) throw new Error(`this monitor has no scaler of the kind ${kind ?? 'none'}`);
    const target = { backendId: backend.id, isDeclared: backend.managedBy === 'file', settings } as AnyTarget;
    return withLimit(scaler.timeLimitMs?.(target) ?? DEFAULT_TIME_LIMIT_MS, stopped, async (signal) => {
      if (scaler.check && !checked.has(settings)) {
        await scaler.check(target, signal);
        checked.add(settings);
      }
      return work(scaler, target, signal);
    });
  };
  return {
    state: async (backend, stopped) => call(backend, stopped, (scaler, target, signal) => scaler.state(target, signal)),
    tell: async (backend, action, stopped) =>
      call(backend, stopped, (scaler, target, signal) =>
        action === 'START' ? scaler.start(target, signal) : scaler.stop(target, signal),
      ),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...scalers.values()].map((scaler) => scaler[Symbol.asyncDispose]?.()));
    },
  };
}

/** Does not rely on the end of work whose time is over. */
async function withLimit<T>(
  limitMs: number,
  stopped: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(limitMs);
  const done = new AbortController();
  const tooLate = async () => {
    await pause(limitMs + ENDING_MS, AbortSignal.any([stopped, done.signal]));
    stopped.throwIfAborted();
    throw new Error('it does not end');
  };
  try {
    return await Promise.race([work(AbortSignal.any([stopped, limit])), tooLate()]);
  } catch (error) {
    stopped.throwIfAborted();
    throw limit.aborted ? new Error(`no answer within ${limitMs} ms`) : error;
  } finally {
    done.abort();
  }
}
