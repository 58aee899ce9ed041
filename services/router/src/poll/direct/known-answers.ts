import { firstHeader, withoutHeaders } from '@trino-gateway/trino';
import { headerLines, type ResponseHead } from '@trino-gateway/wire';
import { headersForClient, isJson } from '../../clusters/relay.ts';

/** What is the same in all heads of one form: a coordinator repeats its head but for a date and a length. */
export type KnownAnswer = {
  /** Status line and header lines for the client, but for the date and what frames the body. */
  lines: string;
  /** Where the date stands in `rawHeaders`. */
  dateAt: number;
  /** Of the body, as the head names it; a body that is readable as it is has `identity`. */
  encoding: string;
};

const varying: ReadonlySet<string> = new Set(['date', 'content-length']);
/** Such a page is more than a page: it is passed on with care. */
const MEANINGFUL = ['x-trino-started-transaction-id', 'x-trino-clear-transaction-id', 'retry-after', 'trailer'];

const known = new WeakMap<object, KnownAnswer | 'unusual'>();

/** Of the head of a page that a client of Trino's headers may have as it is; undefined: it is not certain to be one. */
export function knownAnswer(head: ResponseHead): KnownAnswer | undefined {
  let answer = known.get(head.block);
  if (answer === undefined) {
    answer = read(head) ?? 'unusual';
    known.set(head.block, answer);
  }
  return answer === 'unusual' ? undefined : answer;
}

function read({ status, reason, rawHeaders }: ResponseHead): KnownAnswer | undefined {
  if (status !== 200 || !isJson({ rawHeaders })) return undefined;
  if (MEANINGFUL.some((name) => firstHeader(rawHeaders, name) !== undefined)) return undefined;
  const dateAt = rawHeaders.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'date') + 1;
  if (dateAt === 0) return undefined;
  const kept = withoutHeaders(headersForClient({ presto: false }, rawHeaders, { bodyChanges: false }), varying);
  return {
    lines: `HTTP/1.1 200 ${reason}\r\n${headerLines(kept)}`,
    dateAt,
    encoding: (firstHeader(rawHeaders, 'content-encoding') ?? 'identity').trim().toLowerCase(),
  };
}
