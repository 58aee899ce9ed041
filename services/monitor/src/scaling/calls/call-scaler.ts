import type { Backend, Backend_Scaler_State } from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import { pause } from '@trino-gateway/runtime';
import { SCALERS } from '../scalers/registry.ts';
import type { CreateScaler, Scaler, ScalerKind, ScalerTarget, ScalerTools } from '../scalers/scaler.ts';

/** The scalers of all kinds. Each call is over within the time limit of its scaler, whatever that does. */
export type Scalers = AsyncDisposable & {
  /** @throws Error telling an operator why that is not known */
  state(backend: Backend, signal: AbortSignal): Promise<Backend_Scaler_State>;
  /** @throws Error telling an operator why it failed */
  tell(backend: Backend, what: 'START' | 'STOP', signal: AbortSignal): Promise<void>;
};

export type CallMetrics = {
  /** A scaler of this kind has answered or failed. */
  called(kind: string, call: string, succeeded: boolean, durationMs: number): void;
};

type AnyScaler = Scaler<ScalerKind>;
type AnyTarget = ScalerTarget<ScalerKind>;
/** One call of a scaler about one target. */
type Call<T> = {
  backend: Backend;
  name: 'state' | 'start' | 'stop';
  work: (scaler: AnyScaler, target: AnyTarget, signal: AbortSignal) => Promise<T>;
};

const DEFAULT_TIME_LIMIT_MS = 10_000;
/** For a scaler to end by itself what its time is over for. */
const ENDING_MS = 250;

/** Creates one of each kind. */
export function createScalers(
  config: MonitorConfig,
  { called, ...tools }: CallMetrics & ScalerTools,
  kinds: Partial<typeof SCALERS> = SCALERS,
): Scalers {
  const scalers = new Map<string, AnyScaler>();
  for (const [kind, createOne] of Object.entries(kinds))
    scalers.set(kind, (createOne as CreateScaler<ScalerKind>)(config, tools) as AnyScaler);
  const checked = new WeakSet<object>();

  const call = async <T>({ backend, name, work }: Call<T>, stopped: AbortSignal): Promise<T> => {
    const { case: kind = 'none', value: settings } = backend.scaler?.kind ?? {};
    const scaler = scalers.get(kind);
    if (!scaler || settings === undefined) throw new Error(`this monitor has no scaler of the kind ${kind}`);
    const target = { backendId: backend.id, isDeclared: backend.managedBy === 'file', settings } as AnyTarget;
    const startedAt = performance.now();
    let succeeded = false;
    try {
      const answer = await withLimit(scaler.timeLimitMs?.(target) ?? DEFAULT_TIME_LIMIT_MS, stopped, async (signal) => {
        if (!checked.has(settings)) await scaler.check?.(target, signal);
        checked.add(settings);
        return work(scaler, target, signal);
      });
      succeeded = true;
      return answer;
    } finally {
      called(kind, name, succeeded, performance.now() - startedAt);
    }
  };
  return {
    state: (backend, stopped) =>
      call({ backend, name: 'state', work: (scaler, target, signal) => scaler.state(target, signal) }, stopped),
    tell: (backend, what, stopped) => {
      const name = what === 'START' ? 'start' : 'stop';
      return call({ backend, name, work: (scaler, target, signal) => scaler[name](target, signal) }, stopped);
    },
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
