import { allHeaders, basicCredentials, trinoHeader } from '@trino-gateway/trino';
import type { Exchange } from '../http/exchange.ts';

/**
 * The user a request claims to come from: counts for the limits per user and the order of the queue, and decides who may see and cancel
 * what waits. `user` is empty when nobody is named.
 */
export type Claim = {
  kind: /** Delegated authentication knows them. */
    | 'checked'
    /** The user of a password, checked once a cluster accepts it; the statement may run as another user. */
    | 'password'
    /** No credentials: a cluster that lets this in believes every name. */
    | 'name'
    /** A token, a cookie, a ticket, or several: only the cluster knows whether they may act for this user. */
    | 'token';
  user: string;
};

/** The claim of a request: the checked user, or what its headers say. */
export function claimOf({ user, rawHeaders }: Pick<Exchange, 'user' | 'rawHeaders'>): Claim {
  if (user !== undefined) return { kind: 'checked', user };
  const credentials = allHeaders(rawHeaders, 'authorization');
  const basic = credentials.length === 1 ? basicCredentials(rawHeaders) : undefined;
  if (basic !== undefined) return { kind: 'password', user: basic.user };
  const isBare = credentials.length === 0 && allHeaders(rawHeaders, 'cookie').length === 0;
  return { kind: isBare ? 'name' : 'token', user: actsAs(rawHeaders) };
}

/** The user a request names for its statement to run as; empty when it names none. */
export const actsAs = (rawHeaders: readonly string[]): string => trinoHeader(rawHeaders, 'user')?.trim() ?? '';
