import type { RoadContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { HttpError } from './http-errors.ts';
import { askRoute } from './place.ts';
import { openSubmission } from './submission.ts';

// Delegated authentication of requests that need no decision otherwise.

const FRESH_MS = 1_000;
const DECISION_MS = 5_000;

/**
 * Where a policy demands it, nobody gets further whom the provider does not know.
 * @throws AccessDenied
 * @throws HttpError when it cannot be known whether it is required: nobody is let through on a guess
 */
export async function checkDelegation(context: RoadContext, exchange: Exchange): Promise<void> {
  const reason = await unknown(context, exchange);
  if (reason !== undefined) throw new HttpError(503, reason);
}

/**
 * The same, but where it cannot be known the client goes on: only for answers that give nothing of a cluster away.
 * @throws AccessDenied
 */
export async function checkDelegationIfKnown(context: RoadContext, exchange: Exchange): Promise<void> {
  await unknown(context, exchange);
}

/** Why it cannot be known; undefined when it is, and the client may go on. */
async function unknown(context: RoadContext, exchange: Exchange): Promise<string | undefined> {
  const { delegation } = context;
  const ageMs = delegation.decidedMsAgo(exchange);
  if (ageMs !== undefined && ageMs < FRESH_MS) {
    await delegation.decided(exchange, undefined);
    return undefined;
  }
  const submission = openSubmission(exchange, Buffer.alloc(0), context.now());
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(DECISION_MS)]);
  try {
    const route = await askRoute(context, submission, [], signal);
    return typeof route === 'string' && ageMs === undefined ? route : undefined;
  } finally {
    context.link.settle(submission.id);
  }
}
