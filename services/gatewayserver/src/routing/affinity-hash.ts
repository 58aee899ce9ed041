import { type Group_Affinity, Group_Affinity_By } from '@trino-gateway/api/gateway';
import { querySource, sessionProperty } from '@trino-gateway/trino';
import type { RoutedQuery } from './chain/routed-query.ts';
import { hashOf } from './strategies/hash.ts';

/** What of a query the strategy AFFINITY may go by. */
export type AffinityFacts = Pick<RoutedQuery, 'user' | 'rawHeaders' | 'sql'>;

/** 32 bits drawn from what a group's affinity goes by; from the user, where the query does not say that. */
export function affinityHash(affinity: Group_Affinity | undefined, query: AffinityFacts): number {
  return hashOf((affinity && beyondUser(affinity, query)) || query.user);
}

/** The same as a whole number of 32 bits that is not 0; undefined where it is drawn from the user. */
export function ownAffinityHash(affinity: Group_Affinity | undefined, query: AffinityFacts): number | undefined {
  const text = affinity && beyondUser(affinity, query);
  return text ? hashOf(text) | 0 || 1 : undefined;
}

function beyondUser({ by, sessionProperty: name }: Group_Affinity, query: AffinityFacts): string | undefined {
  switch (by) {
    case Group_Affinity_By.SOURCE:
      return querySource(query.rawHeaders);
    case Group_Affinity_By.TABLE:
      return query.sql().tables[0];
    case Group_Affinity_By.SESSION_PROPERTY:
      return sessionProperty(query.rawHeaders, name);
    default:
      return undefined;
  }
}
