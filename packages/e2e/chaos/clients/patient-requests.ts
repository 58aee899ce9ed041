import { setTimeout as delay } from 'node:timers/promises';
import { BUSY, type Page } from '@trino-gateway/testing/trino-client/page';
import type { Random } from '../../support/random.ts';

/** Requests of one client, repeated at either router until one answers. */
export type PatientRequests = {
  /** The page; the status of any other answer; 0 when the client's patience is over. */
  send(path: string, init?: RequestInit): Promise<Page | number>;
  /** What the last attempts of the last request came to. */
  attempts(): string;
};

export type PatientOptions = { routers: readonly string[]; random: Random; user: string; deadline: number };

const REQUEST_MS = 30_000;
const RETRY_MS = 100;
const MOST_ATTEMPTS_TOLD = 5;

export function patientRequests({ routers, random, user, deadline }: PatientOptions): PatientRequests {
  let router = random.pick(routers);
  let attempts: string[] = [];
  const attempt = async (path: string, init: RequestInit): Promise<Page | number | undefined> => {
    const began = Date.now();
    const note = (what: string) => {
      const at = new Date(began).toISOString().slice(11, 19);
      const text = `${at} ${init.method ?? 'GET'} ${router}${path}: ${what} in ${Date.now() - began} ms`;
      attempts = [...attempts, text].slice(-MOST_ATTEMPTS_TOLD);
    };
    try {
      const limit = AbortSignal.timeout(REQUEST_MS);
      const answer = await fetch(router + path, { headers: { 'x-trino-user': user }, ...init, signal: limit });
      const text = await answer.text();
      if (answer.status === 200) return JSON.parse(text) as Page;
      note(`${answer.status} ${text.slice(0, 200)}`);
      return BUSY.has(answer.status) ? undefined : answer.status;
    } catch (error) {
      // A router that was killed: its replica may go on.
      note(error instanceof Error ? `${error.name} ${String(error.cause ?? '')}` : String(error));
      return undefined;
    }
  };
  return {
    send: async (path, init = {}) => {
      attempts = [];
      for (;;) {
        const answer = await attempt(path, init);
        if (answer !== undefined) return answer;
        if (Date.now() > deadline) return 0;
        if (random.chance(50)) router = random.pick(routers);
        await delay(RETRY_MS);
      }
    },
    attempts: () => attempts.join(', '),
  };
}
