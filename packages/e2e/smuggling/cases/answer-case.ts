import { PLACES, POLL, QUERY_ID } from './request-case.ts';

/**
 * What the client gets: the coordinator's answer with this meaning; a connection that breaks, so that no part is taken for the whole;
 * or an answer of the address's own, which says that there is none.
 */
export type AnswerKind = 'relayed' | 'broken' | 'replaced';

/** One case of an answer that could be framed in two ways: what a coordinator writes, and what its client must get. */
export type AnswerCase = {
  id: string;
  method: 'GET' | 'HEAD' | 'DELETE' | 'PUT';
  /** What is written when the request has come, or `early` with its head; `later` afterwards, on the idle connection. */
  written: { bytes: string; closes: boolean; early?: boolean; later?: string };
  expected: {
    as: readonly AnswerKind[];
    /** Of a relayed one. */
    status?: number;
    body?: string;
    /** Names of lines that must not be there, and lines that must be. */
    without?: readonly string[];
    having?: readonly (readonly [name: string, value: string])[];
  };
  because: string;
};

const { token } = PLACES;

/** By method: polls, and what has no page for an answer. */
export const TARGETS = {
  GET: POLL,
  HEAD: POLL,
  DELETE: `/v1/statement/executing/partialCancel/${QUERY_ID}/0/y${token}/1`,
  PUT: `/v1/query/${QUERY_ID}/killed?x=${token}`,
} as const;

/** A page of a query, which names the case. */
export const PAGE = `{"id":"${QUERY_ID}","infoUri":"http://x/","stats":{"state":"FINISHED"},"case":"${token}","warnings":[]}`;
/** An answer that hides in or behind another one. */
export const EVIL = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n"hidden"';

const withEnds = (lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('');

/** An answer with these lines, and these bytes after its head. */
export const answer = (lines: readonly string[], rest: string, status = '200 OK', version = '1.1') =>
  `HTTP/${version} ${status}\r\nContent-Type: application/json\r\n${withEnds(lines)}\r\n${rest}`;

/** A page as it should be, with further lines. */
export const page = (lines: readonly string[] = [], status = '200 OK') =>
  answer([`Content-Length: ${PAGE.length}`, ...lines], PAGE, status);

/** The page in one chunk, and what stands around it. */
export const chunked = (before = '', end = '0\r\n\r\n', size = PAGE.length.toString(16)) =>
  answer(['Transfer-Encoding: chunked'], `${before}${size}\r\n${PAGE}\r\n${end}`);

export const relayed = (more: Partial<AnswerCase['expected']> = {}): AnswerCase['expected'] => ({
  as: ['relayed'],
  status: 200,
  body: PAGE,
  ...more,
});
export const replaced: AnswerCase['expected'] = { as: ['replaced'] };
export const broken: AnswerCase['expected'] = { as: ['broken'] };
export const brokenOrReplaced: AnswerCase['expected'] = { as: ['broken', 'replaced'] };

type More = { method?: AnswerCase['method']; closes?: boolean; early?: boolean; later?: string };

/** A coordinator that keeps the connection, unless told otherwise. */
export const row = (
  id: string,
  bytes: string,
  expected: AnswerCase['expected'],
  because: string,
  { method = 'GET', closes = false, ...more }: More = {},
): AnswerCase => ({ id, method, written: { bytes, closes, ...more }, expected, because });
