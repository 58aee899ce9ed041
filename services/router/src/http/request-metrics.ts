import { Counter, type Registry } from 'prom-client';
import type { CarriedAnswer } from './carrier.ts';

const KINDS = ['submit', 'poll', 'cancel', 'query', 'ui', 'info', 'other'] as const;

/** Counts the requests of clients: the function it gives is called with each answer, and the port of the listener it goes out by. */
export function countRequests(registry: Registry): (response: CarriedAnswer, listeningPort: number) => void {
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
  return (response, listeningPort) => {
    response.once('close', () => {
      const code = response.writableFinished ? response.statusCode : 0;
      const kind = KINDS.indexOf(kindOf(response.req.method ?? '', response.req.url ?? ''));
      const key = (listeningPort * KINDS.length + kind) * 1_000 + code;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
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
