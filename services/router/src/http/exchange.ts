import { headerFamily, toTrinoHeaders, withoutHeaders, withoutHopByHop } from '@trino-gateway/trino';
import type { BodyPace } from '../limits/body-pace.ts';
import type { ByteAccount } from '../limits/byte-budget.ts';
import type { CarriedAnswer, CarriedRequest } from './carrier.ts';
import type { ClientView } from './client-address.ts';
import { withoutGatewayCookie } from './gateway-cookie.ts';

/** One request of a client and its answer. */
export type Exchange = {
  readonly request: CarriedRequest;
  readonly response: CarriedAnswer;
  /** When its head had arrived, by `performance.now()`. */
  readonly arrivedAt: number;
  /** The port of the listener it came in by. */
  readonly listeningPort: number;
  readonly client: ClientView;
  /**
   * What of its headers may go to a cluster, in Trino's family; framing and `Host` are left out. Delegated authentication
   * takes the password out once it is checked.
   */
  rawHeaders: readonly string[];
  /** The user, once delegated authentication has checked the password. */
  user?: string;
  /** The client speaks X-Presto-*: its answers must too. */
  readonly presto: boolean;
  /** Its part of the byte budget of all requests; closed with the exchange. */
  readonly account: ByteAccount;
  /** A long body is read at this pace. */
  readonly pace: BodyPace;
  /** Aborted when the client hangs up before its answer is complete. */
  readonly signal: AbortSignal;
};

// Set by the gateway alone, or meant for it alone, or valid only on the client's connection. A cluster would trust each of them. A body
// is read as it is: a cluster that decoded it (from 483 on: gzip, br and zstd; CompressionHandler of Jetty) might run another statement.
const notForClusters: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-encoding',
  'expect',
  'forwarded',
  'x-real-ip',
  'x-trino-internal-bearer',
  'x-trino-routing-group',
]);

/** Opens the exchange of a request whose headers are of one family (`headerFamily`). */
export function openExchange(
  request: CarriedRequest,
  response: CarriedAnswer,
  {
    listeningPort,
    client,
    account,
    pace,
    groupHeaders,
  }: Pick<Exchange, 'listeningPort' | 'client' | 'account' | 'pace'> & { groupHeaders: readonly string[] },
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
    arrivedAt: performance.now(),
    listeningPort,
    client,
    account,
    pace,
    rawHeaders: headersForClusters(request.rawHeaders, presto, groupHeaders),
    presto,
    signal: hangUp.signal,
  };
}

/**
 * A client's headers without those that must not reach a cluster, X-Presto-* renamed. @param groupHeaders by which clients ask the gateway for
 * a group, under the names that the routing chain gives them: they are none of a cluster's
 */
export function headersForClusters(
  rawHeaders: readonly string[],
  presto: boolean,
  groupHeaders: readonly string[] = [],
): string[] {
  const named = withoutGatewayCookie(presto ? toTrinoHeaders(rawHeaders) : rawHeaders);
  const own = withoutHeaders(withoutHopByHop(named), notForClusters);
  const kept = groupHeaders.length === 0 ? own : withoutHeaders(own, new Set(groupHeaders));
  if (!kept.some((name, at) => at % 2 === 0 && isDropped(name))) return kept;
  const cleaned: string[] = [];
  for (let at = 0; at < kept.length; at += 2) {
    const name = kept[at] ?? '';
    if (!isDropped(name)) cleaned.push(name, kept[at + 1] ?? '');
  }
  return cleaned;
}

// HTTP/2's pseudo-headers begin with a colon. A cluster refuses every X-Forwarded-*, known or not.
const isDropped = (name: string) => name.startsWith(':') || /^x-forwarded-/i.test(name);
