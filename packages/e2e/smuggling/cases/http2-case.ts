import type { Line, Part } from '../wire/http2-client.ts';
import { type ExpectedMessage, PLACES, POLL } from './request-case.ts';

/** One request of HTTP/2 that another server could read otherwise, or that a rule forbids. */
export type Http2Case = {
  id: string;
  head: readonly Line[];
  /** Each part a frame, the last of them with END_STREAM. */
  parts: readonly Part[];
  expected: {
    /** Statuses that are as good; `reset` stands for a stream or a connection that is ended with an error. */
    answer: readonly (number | 'reset')[];
    messages: readonly ExpectedMessage[];
  };
  /** The rule, or the attack. */
  because: string;
};

export const USER: Line = ['x-trino-user', PLACES.token];

/** The head of a poll with these lines, in this order; `without` leaves pseudo lines out. */
export function pollHead(lines: readonly Line[] = [], { path = POLL, without = [] as readonly string[] } = {}): Line[] {
  return usual('GET', path, without).concat([USER], lines);
}

/** That of a statement. */
export const statementHead = (...lines: readonly Line[]): Line[] =>
  usual('POST', '/v1/statement', []).concat([USER], lines);

function usual(method: string, path: string, without: readonly string[]): Line[] {
  const lines: Line[] = [
    [':method', method],
    [':scheme', 'http'],
    [':authority', PLACES.authority],
    [':path', path],
  ];
  return lines.filter(([name]) => !without.includes(name));
}

type Expected = Http2Case['expected'];

/** Malformed: nothing has reached a coordinator (RFC 9113, 8.1.1). */
export const malformed: Expected = { answer: ['reset', 400], messages: [] };

export const refusedAs = (...statuses: number[]): Expected => ({ answer: statuses, messages: [] });

export const taken = (message: ExpectedMessage): Expected => ({ answer: [200], messages: [message] });

export const http2Row = (
  id: string,
  head: readonly Line[],
  expected: Expected,
  because: string,
  ...parts: readonly Part[]
): Http2Case => ({ id, head, parts, expected, because });
