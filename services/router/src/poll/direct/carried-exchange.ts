import type { CarriedAnswer, CarriedRequest } from '../../http/carrier.ts';
import { type Exchange, openExchange } from '../../http/exchange.ts';
import type { BodyPace } from '../../limits/body-pace.ts';
import type { ByteBudget } from '../../limits/byte-budget.ts';
import type { Release } from '../../limits/request-limits.ts';
import { ownerOfAddress } from '../../limits/shares.ts';
import type { DirectListener } from './direct-poll.ts';
import type { KnownRequest } from './known-requests.ts';

export type CarriedExchangeDeps = { bytes: Pick<ByteBudget, 'open'>; pace: BodyPace };

/** The exchange that a poll becomes. `release` gives back its client's share, once the answer is closed. */
export function openCarried(
  { bytes, pace }: CarriedExchangeDeps,
  {
    known: { client, groupHeaders },
    listener,
    release,
  }: { known: KnownRequest; listener: DirectListener; release: Release },
  { request, answer }: { request: CarriedRequest; answer: CarriedAnswer },
): Exchange {
  listener.begun(request, answer);
  answer.once('close', release);
  const account = bytes.open(ownerOfAddress(client.ip));
  return openExchange(request, answer, { listeningPort: listener.port, client, account, pace, groupHeaders });
}
