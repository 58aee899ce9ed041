import { type RequestFact, requestFacts } from '../../chain/request-facts.ts';
import type { RequestNeeds } from '../../chain/request-needs.ts';
import type { RoutedQuery } from '../../chain/routed-query.ts';

/** The function of scripts that were written for trino-lb: it gets the statement and the headers. */
const PEER_FUNCTION = /\btargetClusterGroup\b/;
const ASCII = /^[\t\x20-\x7e]*$/;

/** Writes the request that a script gets: of what it costs to find out, only the facts whose names stand in its source. */
export function requestWriter(source: string): (query: RoutedQuery, chance: number) => string {
  const asked = Object.entries<RequestFact>(requestFacts).filter(([name]) => isNamed(source, name) || name === 'now');
  const forPeer = PEER_FUNCTION.test(source);
  return (query, chance) => {
    const request: Record<string, unknown> = Object.fromEntries(asked.map(([name, { of }]) => [name, of(query)]));
    if (isNamed(source, 'chance')) request.chance = chance;
    return JSON.stringify(forPeer ? { request, statement: query.statement, headers: peerHeaders(query) } : { request });
  };
}

/** Facts that are read from the statement need those that it executes. */
export function scriptNeeds(source: string): RequestNeeds {
  const reads = Object.entries<RequestFact>(requestFacts).some(
    ([name, fact]) => (fact.readsStatement || name === 'prepared') && isNamed(source, name),
  );
  return { preparedStatements: reads };
}

function isNamed(source: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(source);
}

/** Names in lower case; of several values the last; without those that are not plain ASCII. */
function peerHeaders({ rawHeaders }: RoutedQuery): Record<string, string> {
  const headers: [name: string, value: string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const value = rawHeaders[at + 1] ?? '';
    if (ASCII.test(value)) headers.push([(rawHeaders[at] ?? '').toLowerCase(), value]);
  }
  return Object.fromEntries(headers);
}
