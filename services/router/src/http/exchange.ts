import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerFamily, toTrinoHeaders, withoutHeaders, withoutHopByHop } from '@trino-gateway/trino';
import type { BodyPace } from '../limits/body-pace.ts';
import type { ByteAccount } from '../limits/byte-budget.ts';
import type { ClientView } from './client-address.ts';
import { withoutGatewayCookie } from './gateway-cookie.ts';

/** One request of a client on its way to its answer. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The port of the listener it came in by. */
  readonly listeningPort: number;
  /** Who asks, and which address of ours it used. */
  readonly client: ClientView;
  /**
   * What of its headers may go to a cluster, in Trino's family; framing and `Host` are left out. Delegated authentication
   * takes the password out once it is checked.
   */
  rawHeaders: readonly string[];
  /** Who it is, once delegated authentication found that out. */
  user?: string;
  /** The client speaks X-Presto-*: its answers must too. */
  readonly presto: boolean;
  /** What of its bytes counts against the budget of all requests; closed with the exchange. */
  readonly account: ByteAccount;
  /** A long body is read at this pace. */
  readonly pace: BodyPace;
  /** Aborted when the client hangs up before its answer is complete. */
  readonly signal: AbortSignal;
};

// Set by us alone, or meant for us alone, or valid only between the client and us. A cluster believes each of them.
const notForClusters: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'expect',
  'forwarded',
  'x-real-ip',
  'x-trino-internal-bearer',
  'x-trino-routing-group',
]);

/** Takes a request in. Its headers must be of one family (`headerFamily`). */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { listeningPort, client, account, pace }: Pick<Exchange, 'listeningPort' | 'client' | 'account' | 'pace'>,
): Exchange {
  const presto = headerFamily(request.rawHeaders) === 'presto';
  const hangUp = new AbortController();
  response.once('close', () => {
    account.close();
    if (!response.writableFinished) hangUp.abort();
  });
  return {
    request,
    response,
    listeningPort,
    client,
    account,
    pace,
    rawHeaders: headersForClusters(request.rawHeaders, presto),
    presto,
    signal: hangUp.signal,
  };
}

/** A client's headers without those that must not reach a cluster, X-Presto-* renamed. */
export function headersForClusters(rawHeaders: readonly string[], presto: boolean): string[] {
  const named = withoutGatewayCookie(presto ? toTrinoHeaders(rawHeaders) : rawHeaders);
  const kept = withoutHeaders(withoutHopByHop(named), notForClusters);
  if (!kept.some((name, at) => at % 2 === 0 && isDropped(name))) return kept;
  const cleaned: string[] = [];
  for (let at = 0; at < kept.length; at += 2) {
    const name = kept[at] ?? '';
    if (!isDropped(name)) cleaned.push(name, kept[at + 1] ?? '');
  }
  return cleaned;
}

// HTTP/2's own names begin with a colon. Of X-Forwarded-* a cluster refuses even names nobody has heard of.
const isDropped = (name: string) => name.startsWith(':') || /^x-forwarded-/i.test(name);
