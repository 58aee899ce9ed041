import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@connectrpc/connect';
import type { Backend, SuiteService } from '@trino-gateway/api/gateway';
import { every, type Logger } from '@trino-gateway/runtime';
import type { Standing } from './standing.ts';

/** What keeping the list of backends needs. */
export type WatchOptions = {
  suite: Pick<Client<typeof SuiteService>, 'watchBackends'>;
  standing: Standing;
  logger: Logger;
  /** Watches one enabled backend from now on; `after` is the end of the watch before it. */
  watch: (backend: Backend, after: Promise<void> | undefined) => AsyncDisposable;
  /** The whole list, disabled backends too; called before what is watched changes. */
  onList: (backends: readonly Backend[]) => void;
  /** The gatewayserver answers again. */
  onBack: () => void;
  /** This backend is no longer watched. */
  onGone: (backendId: string) => void;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS>;
};

const TIMINGS = {
  /** How long the gatewayserver may hold an answer back. */
  waitMs: 20_000,
  /** First and longest pause after a failure; each is drawn from half to one and a half of it. */
  firstBackoffMs: 200,
  longestBackoffMs: 5_000,
};

/** A gatewayserver that answers at once although nothing changed is not asked more often than this. */
const LEAST_WATCH_MS = 100;

type Watched = { key: string; watch: AsyncDisposable };

/**
 * Keeps the backends the gatewayserver names watched. One that is added, enabled, or changed in what a probe depends on
 * is watched anew, which means looked at at once; one that is removed or disabled is watched no longer: a cluster that
 * an administrator took out may be switched off, and nobody wants to know. While the gatewayserver is away the list
 * stays as it is.
 */
export function keepWatching(options: WatchOptions): AsyncDisposable {
  const { suite, standing, logger, watch, onList, onBack, onGone } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const watched = new Map<string, Watched>();
  const ending = new Map<string, Promise<void>>();
  let revision = '';

  const end = (id: string, { watch }: Watched) => {
    watched.delete(id);
    const ended = Promise.resolve(watch[Symbol.asyncDispose]()).finally(() => {
      if (ending.get(id) === ended) ending.delete(id);
    });
    ending.set(id, ended);
  };
  const takeOver = (backends: readonly Backend[]) => {
    onList(backends);
    const wanted = new Map(backends.filter(({ enabled }) => enabled !== false).map((backend) => [backend.id, backend]));
    for (const [id, one] of [...watched]) {
      const backend = wanted.get(id);
      if (backend && keyOf(backend) === one.key) continue;
      end(id, one);
      if (!backend) onGone(id);
    }
    for (const [id, backend] of wanted)
      if (!watched.has(id)) watched.set(id, { key: keyOf(backend), watch: watch(backend, ending.get(id)) });
  };

  let isAway = false;
  let backoffMs = timings.firstBackoffMs;
  const polling = every(0, 'watching the list of backends', logger, async (signal) => {
    const began = performance.now();
    try {
      const timeoutMs = timings.waitMs + 5_000;
      const answer = await suite.watchBackends({ revision, waitMs: timings.waitMs }, { signal, timeoutMs });
      standing.works('watching');
      backoffMs = timings.firstBackoffMs;
      if (answer.revision !== revision) takeOver(answer.backends);
      else await pause(LEAST_WATCH_MS - (performance.now() - began), signal);
      revision = answer.revision;
      if (isAway) onBack();
      isAway = false;
    } catch (error) {
      if (signal.aborted) return;
      standing.fails('watching', error);
      isAway = true;
      await pause(backoffMs * (0.5 + Math.random()), signal);
      backoffMs = Math.min(backoffMs * 2, timings.longestBackoffMs);
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      await polling[Symbol.asyncDispose]();
      for (const [id, one] of [...watched]) end(id, one);
      await Promise.all(ending.values());
    },
  };
}

/** What a probe depends on: when it differs, what was found before says nothing. */
function keyOf({ url, forwardedHeaders, probe }: Backend): string {
  return JSON.stringify([url, forwardedHeaders, probe?.statement, probe?.user, probe?.password]);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => {});
}
