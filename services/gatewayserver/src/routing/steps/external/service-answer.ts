import { parseUntrustedJson } from '@trino-gateway/json';
import type { ServiceAnswer } from '../../chain/step-tools.ts';

/** What a service says of a query (ExternalRouterResponse). */
export type ServiceOpinion = {
  /** Empty: none. */
  groupId: string;
  errors: readonly string[];
  /** By lower-case name; whether they can be set is for the chain to say. */
  headers: Readonly<Record<string, string>>;
};

const MOST_HEADERS = 100;
const LONGEST_MESSAGE = 2_000;

/** @param excluded in lower case: headers that the service may not set. @throws Error why it is no answer */
export function readAnswer(
  { status, contentType, text }: ServiceAnswer,
  excluded: ReadonlySet<string>,
): ServiceOpinion {
  if (status >= 300 && status < 400) throw new Error(`the service answered ${status}: redirects are not followed`);
  if (status !== 200) throw new Error(`the service answered ${status}`);
  if (!/^application\/([^;]*\+)?json\s*(;|$)/i.test(contentType.trim()))
    throw new Error('the service did not answer with application/json');
  const { routingGroup, errors, externalHeaders } = parsed(text);
  if (!isAbsent(routingGroup) && typeof routingGroup !== 'string') throw unexpected('routingGroup', 'a text');
  if (!isAbsent(errors) && !(Array.isArray(errors) && errors.every((one) => typeof one === 'string')))
    throw unexpected('errors', 'a list of texts');
  if (!isAbsent(externalHeaders) && !isObject(externalHeaders)) throw unexpected('externalHeaders', 'an object');
  return {
    groupId: typeof routingGroup === 'string' ? routingGroup : '',
    errors: Array.isArray(errors) ? errors : [],
    headers: isObject(externalHeaders) ? settable(externalHeaders, excluded) : {},
  };
}

/** The errors as a message for a client: one printable line. */
export function messageOf(errors: readonly string[]): string {
  const line = errors
    .slice(0, 100)
    .join(', ')
    .slice(0, LONGEST_MESSAGE * 2);
  const shown = line
    .toWellFormed()
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return shown.length > LONGEST_MESSAGE ? `${shown.slice(0, LONGEST_MESSAGE)}…` : shown;
}

function parsed(text: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = parseUntrustedJson(text);
  } catch {
    throw new Error('the service did not answer with JSON');
  }
  if (!isObject(answer)) throw new Error('the service did not answer with a JSON object');
  return answer;
}

function settable(given: Record<string, unknown>, excluded: ReadonlySet<string>): Record<string, string> {
  const headers: Record<string, string> = {};
  const entries = Object.entries(given);
  if (entries.length > MOST_HEADERS) throw new Error(`the service set more than ${MOST_HEADERS} headers`);
  for (const [given, value] of entries) {
    const name = given.toLowerCase();
    if (value === null || excluded.has(name)) continue;
    if (typeof value !== 'string') throw new Error('the service set a header that is not a text');
    headers[name] = value;
  }
  return headers;
}

function unexpected(field: string, what: string): Error {
  return new Error(`${field} of the service's answer is not ${what}`);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
