import { createBackoff, type Logger } from '@trino-gateway/runtime';
import type { Ending } from './fork-worker.ts';

/** Keeps so many workers at work: one that ends is followed by another one. Disposal ends them all. */
export type Supervisor = AsyncDisposable & {
  /** Resolves when all of them serve. @throws Error when one has ended before it did */
  readonly begun: Promise<void>;
  /** How many serve now. */
  serving(): number;
  /** How often one was started in the place of another. */
  restarts(): number;
};

/** One worker, as its supervisor sees it. */
export type Member = {
  readonly pid: number | undefined;
  /** It is to end in good order. */
  stop(): void;
  /** It is to say something. */
  ping(): void;
  kill(): void;
};

type Events = { onServing: () => void; onHeard: () => void; onEnded: (ending: Ending) => void };

export type SupervisorOptions = {
  size: number;
  /** Starts the worker with this number, from 1. */
  start: (number: number, events: Events) => Member;
  logger: Logger;
  /** Shorter in tests. */
  timings?: Partial<typeof TIMINGS>;
};

const TIMINGS = {
  /** Another one is started at once, unless one with the same number ended such a short while ago. */
  soonMs: 10_000,
  firstPauseMs: 250,
  longestPauseMs: 10_000,
  /** One that says nothing to so many pings, one each time, hangs, and is killed. Counted, not timed: this process may have slept. */
  pingEveryMs: 5_000,
  mostUnanswered: 6,
  /** One that has not ended so long after it was told to is killed. */
  stopMs: 8_000,
};

/** Starts the workers. */
export function startSupervisor({ size, start, logger, timings }: SupervisorOptions): Supervisor {
  const times = { ...TIMINGS, ...timings };
  const { soonMs, firstPauseMs, longestPauseMs, stopMs } = times;
  const members = new Map<number, Member>();
  const serving = new Set<number>();
  const starting = new Set<NodeJS.Timeout>();
  const { promise: begun, resolve, reject } = Promise.withResolvers<void>();
  const { promise: gone, resolve: allGone } = Promise.withResolvers<void>();
  begun.catch(() => {}); // whoever starts the router awaits it
  let hasBegun = false;
  let isStopping = false;
  let restarts = 0;

  const keep = (number: number) => {
    const backoff = createBackoff({ firstMs: firstPauseMs, longestMs: longestPauseMs });
    let endedAt = Number.NEGATIVE_INFINITY;
    const run = () => {
      const startedAt = performance.now();
      const member = start(number, {
        onServing: () => {
          serving.add(number);
          logger.info('a worker serves', { worker: number, pid: member.pid });
          hasBegun ||= serving.size === size;
          if (hasBegun) resolve();
          pulse.begin();
        },
        onHeard: () => pulse.heard(),
        onEnded: (ending) => {
          pulse.end();
          serving.delete(number);
          members.delete(number);
          if (isStopping) return members.size === 0 ? allGone() : undefined;
          if (!hasBegun) return reject(new Error(`worker ${number} has ended before it served: ${inWords(ending)}`));
          const now = performance.now();
          if (now - endedAt > soonMs) backoff.succeeded();
          const pauseMs = now - endedAt > soonMs ? 0 : backoff.failed();
          endedAt = now;
          restarts += 1;
          const seconds = Math.round((now - startedAt) / 1_000);
          const fields = { worker: number, pid: member.pid, seconds, startsInMs: Math.round(pauseMs) };
          logger.error('a worker has ended, and another one is started', { ...fields, ...ending });
          const timer = setTimeout(() => {
            starting.delete(timer);
            run();
          }, pauseMs);
          starting.add(timer);
        },
      });
      members.set(number, member);
      const pulse = createPulse(member, times, () =>
        logger.error('a worker hangs: it is killed', { worker: number, pid: member.pid }),
      );
    };
    run();
  };
  for (let number = 1; number <= size; number++) keep(number);
  return {
    begun,
    serving: () => serving.size,
    restarts: () => restarts,
    [Symbol.asyncDispose]: async () => {
      isStopping = true;
      for (const timer of starting) clearTimeout(timer);
      if (members.size === 0) return;
      for (const member of members.values()) member.stop();
      const late = setTimeout(() => {
        for (const member of members.values()) member.kill();
      }, stopMs);
      await gone;
      clearTimeout(late);
    },
  };
}

function inWords({ code, signal }: Ending): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}

/** Pings a worker that serves. */
function createPulse(
  member: Member,
  { pingEveryMs, mostUnanswered }: Pick<typeof TIMINGS, 'pingEveryMs' | 'mostUnanswered'>,
  onHanging: () => void,
) {
  let unanswered = 0;
  let pinging: NodeJS.Timeout | undefined;
  return {
    begin: () => {
      pinging = setInterval(() => {
        unanswered += 1;
        if (unanswered <= mostUnanswered) return member.ping();
        clearInterval(pinging);
        onHanging();
        member.kill();
      }, pingEveryMs).unref();
    },
    heard: () => {
      unanswered = 0;
    },
    end: () => clearInterval(pinging),
  };
}
