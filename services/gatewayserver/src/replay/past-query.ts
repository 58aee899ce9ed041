import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_State } from '@trino-gateway/api/gateway';
import type { SubmittedQuery } from '../routing/chain/routed-query.ts';
import type { Fate } from './compare.ts';

/** A query of the history as it would be submitted again, or why it cannot be. */
export type PastQuery =
  | {
      submitted: SubmittedQuery;
      submittedAt: number;
      before: Fate;
      /** Whether history has what routing looks at besides text, user, source, tags and address. */
      isComplete: boolean;
    }
  | { why: string };

/** What never asked the routing chain. */
const BOUND: Readonly<Record<string, string>> = {
  transaction: 'its transaction was on one cluster',
  kill_query: 'it killed a query of one cluster',
};

export function pastQuery(query: Query): PastQuery {
  const { text, user, clientIp, groupId, decidedBy, trinoQueryId, submittedAt, state } = query;
  const bound = Object.hasOwn(BOUND, decidedBy) ? BOUND[decidedBy] : undefined;
  if (bound !== undefined) return { why: bound };
  const wasRefused = trinoQueryId === '' && state === Query_State.FAILED;
  if (groupId === '' && !wasRefused) return { why: 'no group is known for it: it did not pass the routing chain' };
  if (text === '') return { why: 'its statement is not in the history' };
  const { request } = query;
  return {
    submitted: {
      listeningPort: request?.listeningPort ?? 0,
      host: request?.host ?? '',
      headers: headersOf(query),
      user,
      statement: text,
      clientIp,
    },
    submittedAt: submittedAt ? timestampMs(submittedAt) : 0,
    before: wasRefused ? { refused: query.error?.message ?? '' } : { groupId },
    isComplete: request !== undefined && !request.cut,
  };
}

/** The headers that routing looks at, as far as history has them. */
function headersOf({ user, source, clientTags, request }: Query): SubmittedQuery['headers'] {
  const given: readonly (readonly [string, string])[] = [
    ['X-Trino-User', user],
    ['X-Trino-Source', request?.source ?? source],
    ['X-Trino-Client-Tags', request?.clientTags ?? clientTags.join(',')],
    ['X-Trino-Client-Info', request?.clientInfo ?? ''],
    ['X-Trino-Catalog', request?.catalog ?? ''],
    ['X-Trino-Schema', request?.schema ?? ''],
    ['X-Trino-Routing-Group', request?.routingGroup ?? ''],
    ['X-Trino-Session', (request?.sessionProperties ?? []).map((name) => `${name}=`).join(',')],
    ['X-Trino-Connection-Properties', request?.connectionProperties ?? ''],
  ];
  return given.filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }));
}
