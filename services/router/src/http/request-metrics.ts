import { Counter, type Registry } from 'prom-client';
import type { CarriedAnswer } from './carrier.ts';

const KINDS = ['submit', 'poll', 'cancel', 'query', 'ui', 'info', 'other'] as const;

/** Counts the requests of clients, by the listener they came in by. */
export type RequestCounts = {
  /** Counts this one when its answer is over. */
  watch(response: CarriedAnswer, listeningPort: number): void;
  /** A poll had its page, without an exchange. */
  pollPassed(listeningPort: number): void;
};

/** None yet. */
export function countRequests(registry: Registry): RequestCounts {
  // Listener, kind and status in one number: a poll costs no more than a look-up.
  const counts = new Map<number, number>();
  new Counter({
    name: 'trino_gateway_router_requests_total',
    help: 'Requests of clients by port of the listener, kind and status; "hang_up": the client left before its answer was complete.',
    labelNames: ['listener', 'kind', 'code'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [key, count] of counts) {
        const code = key % 1_000;
        const kind = KINDS[Math.floor(key / 1_000) % KINDS.length] ?? 'other';
        const listener = String(Math.floor(key / 1_000 / KINDS.length));
        this.inc({ listener, kind, code: code === 0 ? 'hang_up' : String(code) }, count);
      }
    },
  });
  const count = (listeningPort: number, kind: (typeof KINDS)[number], code: number) => {
    const key = (listeningPort * KINDS.length + KINDS.indexOf(kind)) * 1_000 + code;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    watch: (response, listeningPort) => {
      response.once('close', () => {
        const { method = '', url = '' } = response.req;
        count(listeningPort, kindOf(method, url), response.writableFinished ? response.statusCode : 0);
      });
    },
    pollPassed: (listeningPort) => count(listeningPort, 'poll', 200),
  };
}

function kindOf(method: string, target: string): (typeof KINDS)[number] {
  if (target.startsWith('/v1/statement')) {
    if (method === 'DELETE') return 'cancel';
    return /^\/v1\/statement\/?(\?|$)/.test(target) ? 'submit' : 'poll';
  }
  if (target.startsWith('/v1/query')) return 'query';
  if (target.startsWith('/ui')) return 'ui';
  return target.startsWith('/v1/info') ? 'info' : 'other';
}
