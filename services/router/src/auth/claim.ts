import { allHeaders, basicCredentials, trinoHeader } from '@trino-gateway/trino';
import type { Exchange } from '../http/exchange.ts';

/**
 * Whose a request is, as far as it says: the name that counts for limits per user, in the queue, and for who may look at what
 * waits and end it. `user` is empty when nobody is named.
 */
export type Claim = {
  kind: /** Delegated authentication knows them. */
    | 'checked'
    /** Whom a password is presented for. Once a cluster accepts it that is so, whomever the statement is to run as. */
    | 'password'
    /** No credentials: a cluster that lets this in believes every name. */
    | 'name'
    /** A token, a cookie, a ticket, or several: only the cluster knows whether they may act for this user. */
    | 'token';
  user: string;
};

/** What a request claims by its headers, or what is known of it. */
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
