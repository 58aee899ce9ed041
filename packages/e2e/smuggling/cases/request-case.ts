/** A message that reaches the coordinator, with exactly this meaning. */
export type ExpectedMessage = {
  method: string;
  target: string;
  body: string;
  /** Names of lines and trailers that must not be there. */
  without?: readonly string[];
  /** Lines that must be there. */
  having?: readonly (readonly [name: string, value: string])[];
};

/** What must become of the bytes of a case. */
export type Expected = {
  /** Statuses of the answers, in order; where several are as good, a list. `none` where the connection may end without an answer. */
  answers: readonly (readonly (number | 'none')[])[];
  /** What reaches the coordinator, in order, and nothing else. */
  messages: readonly ExpectedMessage[];
  /**
   * Closed by the other side; open, and the next request on it is served; either of both; or waiting for the rest of a message, so
   * that nothing more happens.
   */
  connection: 'closed' | 'open' | 'either' | 'waiting';
};

/** Bytes that wait for what came before them: the interim 100, or the first answer. */
export type Later = { after: 'continue' | 'answer'; bytes: string };

/** One case of request smuggling or framing: bytes of a client, and what must become of them. Bytes are Latin-1 characters. */
export type RequestCase = {
  id: string;
  /** The number of the conformance case that it belongs to. */
  of: 100 | 101 | 102 | 105;
  sends: readonly [string, ...Later[]];
  expected: Expected;
  /** The rule, or the attack. */
  because: string;
};

/**
 * These stand in the bytes for what is known when a case runs, and are as long as what comes in their places, so that lengths hold:
 * seven characters that no other case has, and the five of the coordinator. The authority under test may have any length.
 */
export const PLACES = { token: '@token@', suffix: '@suf@', authority: '@host@' } as const;

const { token, suffix, authority } = PLACES;
export const QUERY_ID = `20260101_000000_00007_${suffix}`;
export const POLL = `/v1/statement/executing/${QUERY_ID}/y${token}/1`;
/** The target of a request that hides in another one. */
export const HIDDEN_TARGET = `/v1/query/${QUERY_ID}?hidden=${token}`;
const USUAL = `Host: ${authority}\r\nX-Trino-User: ${token}\r\n`;
/** Of a length that is known. */
export const HIDDEN = `GET ${HIDDEN_TARGET} HTTP/1.1\r\nHost: hidden\r\nX-Trino-User: ${token}\r\n\r\n`;

const withEnds = (lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('');

/** A statement with these lines after the usual ones, and these bytes after its head. */
export const post = (lines: readonly string[], rest: string) =>
  `POST /v1/statement HTTP/1.1\r\n${USUAL}${withEnds(lines)}\r\n${rest}`;

/** The same for any method and target; a poll unless told otherwise. */
export const ask = (
  lines: readonly string[] = [],
  rest = '',
  { method = 'GET', target = POLL, version = '1.1' } = {},
) => `${method} ${target} HTTP/${version}\r\n${USUAL}${withEnds(lines)}\r\n${rest}`;

/** A poll with nothing but these lines. */
export const bare = (lines: readonly string[], { target = POLL, version = '1.1' } = {}) =>
  `GET ${target} HTTP/${version}\r\n${withEnds(lines)}\r\n`;

export const SQL = 'SELECT 1';
/** Lines that frame a message, and those of a connection, are never passed on. */
const OF_A_CONNECTION = ['transfer-encoding', 'te', 'trailer', 'upgrade', 'keep-alive', 'expect', 'proxy-connection'];

export const statement = (body = SQL, more: Partial<ExpectedMessage> = {}): ExpectedMessage => ({
  method: 'POST',
  target: '/v1/statement',
  body,
  without: OF_A_CONNECTION,
  ...more,
});
export const poll = (more: Partial<ExpectedMessage> = {}): ExpectedMessage => ({
  method: 'GET',
  target: POLL,
  body: '',
  without: OF_A_CONNECTION,
  ...more,
});
export const hidden: ExpectedMessage = { method: 'GET', target: HIDDEN_TARGET, body: '' };

/** Refused, closed, and nothing has reached a coordinator. */
export const refused = (...statuses: number[]): Expected => ({
  answers: [statuses.length === 0 ? [400] : statuses],
  messages: [],
  connection: 'closed',
});

/** Answered without a coordinator, as its meaning is clear. */
export const answered = (status: number, connection: Expected['connection'] = 'open'): Expected => ({
  answers: [[status]],
  messages: [],
  connection,
});

/** Not done, and nothing has reached a coordinator; where the message ends is clear. */
export const denied = (...statuses: number[]): Expected => ({ ...refused(...statuses), connection: 'either' });

/** Each reaches a coordinator once, and each has its answer. */
export const passed = (...messages: readonly ExpectedMessage[]): Expected => ({
  answers: messages.map(() => [200]),
  messages,
  connection: 'open',
});
export const passedAndClosed = (...messages: readonly ExpectedMessage[]): Expected => ({
  ...passed(...messages),
  connection: 'closed',
});

/** Nothing happens before more bytes come. */
export const waits: Expected = { answers: [], messages: [], connection: 'waiting' };

/** A case whose bytes are sent at once. */
export const row = (
  of: RequestCase['of'],
  id: string,
  bytes: string,
  expected: Expected,
  because: string,
): RequestCase => ({ id, of, sends: [bytes], expected, because });
