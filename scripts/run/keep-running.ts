import { setTimeout as delay } from 'node:timers/promises';
import type { Coordinator } from '@trino-gateway/testing/trino/coordinator';
import { howItEnded } from './service.ts';

/** A sample cluster that is started again when it ends. */
export type Sample = {
  name: string;
  url: string;
  /** SIGTERM, and SIGKILL after this time; it is not started again. */
  stop(graceMs: number): Promise<void>;
};

/** How long after the last start it may be started again: longer each time, as long as none stays up. */
export type RestartPauses = { firstMs: number; longestMs: number; steadyMs: number };

const PAUSES: RestartPauses = { firstMs: 1_000, longestMs: 60_000, steadyMs: 600_000 };

/** What it works on. */
export type KeepRunningOptions = {
  first: Coordinator;
  /** Starts it again, at the same address. */
  start: () => Promise<Coordinator>;
  say: (line: string) => void;
  signal: AbortSignal;
  pauses?: RestartPauses;
};

/** Watches a cluster and starts it again whenever it ends, which it says, until it is stopped or the signal comes. */
export function keepRunning({ first, start, say, signal, pauses = PAUSES }: KeepRunningOptions): Sample {
  const stopped = new AbortController();
  const ending = AbortSignal.any([signal, stopped.signal]);
  let current = first;
  const { name, url } = first;

  const restart = async (): Promise<void> => {
    let pauseMs = pauses.firstMs;
    while (!ending.aborted) {
      const began = performance.now();
      const end = await current.ended;
      if (ending.aborted) return;
      if (performance.now() - began > pauses.steadyMs) pauseMs = pauses.firstMs;
      say(`${name} ${howItEnded(end)}; its log is ${current.logPath}; the gateway goes on, ${name} is started again`);
      await current.stop(0);
      for (let isUp = false; !isUp; pauseMs = Math.min(2 * pauseMs, pauses.longestMs)) {
        await delay(pauseMs, undefined, { signal: ending });
        isUp = await start().then(
          (next) => {
            current = next;
            return true;
          },
          (error: Error) => {
            if (!ending.aborted) say(`${name} did not come up again: ${error.message.split('\n', 1)[0]}`);
            return false;
          },
        );
      }
      if (!ending.aborted) say(`${name} runs queries again at ${url}`);
    }
  };
  const watching = restart().catch((error: unknown) => {
    if (!ending.aborted) throw error;
  });
  return {
    name,
    url,
    stop: async (graceMs) => {
      stopped.abort();
      await current.stop(graceMs);
      await watching;
      await current.stop(graceMs); // one that was just coming up
    },
  };
}
