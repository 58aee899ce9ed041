import { LRUCache } from 'lru-cache';
import type { RoadContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { answerText, HttpError } from './http-errors.ts';
import { askRoute } from './place.ts';
import { openSubmission } from './submission.ts';

/** Whether a client must pass delegated authentication. Policies demand it by port and host alone, so that is what is remembered. */
export type Delegation = {
  /** @throws HttpError when that cannot be known: nobody is let through on a guess */
  isRequired(exchange: Exchange): Promise<boolean>;
};

const FRESH_MS = 5_000;
const DECISION_MS = 5_000;

/** Asks the gatewayserver, and remembers what it says for five seconds: longer only while it does not answer. */
export function createDelegation(context: RoadContext): Delegation {
  const known = new LRUCache<string, { isRequired: boolean; atMs: number }>({ max: 1_000 });
  return {
    async isRequired(exchange) {
      const key = `${exchange.listeningPort} ${exchange.client.host.toLowerCase()}`;
      const last = known.get(key);
      const nowMs = performance.now();
      if (last !== undefined && nowMs - last.atMs < FRESH_MS) return last.isRequired;
      const submission = openSubmission(exchange, Buffer.alloc(0), context.now());
      const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(DECISION_MS)]);
      const route = await askRoute(context, submission, [], signal);
      context.link.settle(submission.id);
      if (typeof route === 'string') {
        if (last !== undefined) return last.isRequired;
        throw new HttpError(503, route);
      }
      const isRequired = route.authDelegated || route.decision?.authDelegated === true;
      known.set(key, { isRequired, atMs: nowMs });
      return isRequired;
    },
  };
}

/** What a client gets where delegated authentication is required: never through, for whoever set that relies on it. */
export function answerDelegated({ response }: Exchange): void {
  const text =
    'This address requires delegated authentication, which this router does not do: ask the operator of the gateway';
  answerText(response, 401, text, ['WWW-Authenticate', 'Basic realm="Trino"']);
}
