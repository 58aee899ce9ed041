import { headerTextProblem, idProblem, type Problem, quote } from '@trino-gateway/api/problem';
import type { QueryEffects } from '../../chain/opinion.ts';
import { MOST_LOG_LENGTH } from './running/executor.ts';

/** What a script says of a query. */
export type ScriptAnswer = {
  /** What it wrote to its console, in one line; empty when nothing. */
  log: string;
  result:
    | { kind: 'none' }
    | { kind: 'group'; groupId: string; effects: QueryEffects }
    | { kind: 'backend'; backendId: string; effects: QueryEffects }
    | { kind: 'refusal'; message: string };
};

const MOST_ITEMS = 100;
const LONGEST_TEXT = 1_000;
const MOST_PRIORITY = 1_000;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const PROPERTY = /^[A-Za-z0-9_-]{1,100}(?:\.[A-Za-z0-9_-]{1,100})?$/;

/** @throws Error with what is wrong with what the script returned */
export function readAnswer(text: string): ScriptAnswer {
  const { result, log } = objectOf(JSON.parse(text), 'the answer');
  return {
    log: typeof log === 'string' ? log.slice(0, MOST_LOG_LENGTH).replaceAll(/\p{Cc}+/gu, ' ') : '',
    result: readResult(result),
  };
}

function readResult(result: unknown): ScriptAnswer['result'] {
  if (result === undefined || result === null) return { kind: 'none' };
  if (typeof result === 'string') return { kind: 'group', groupId: idOf('the group', result), effects: {} };
  const { group_id, backend_id, refuse, ...rest } = objectOf(result, 'the result');
  const decided = Object.entries({ group_id, backend_id, refuse }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  if (decided.length > 1) throw new Error('expected at most one of group_id, backend_id and refuse');
  const effects = readEffects(rest);
  const [[kind, value] = []] = decided;
  switch (kind) {
    case 'group_id':
      return { kind: 'group', groupId: idOf(kind, value), effects };
    case 'backend_id':
      return { kind: 'backend', backendId: idOf(kind, value), effects };
    case 'refuse':
      return { kind: 'refusal', message: lineOf(kind, value) };
    default:
      throw new Error('expected one of group_id, backend_id and refuse');
  }
}

const readers: { readonly [Field in string]?: (field: string, value: unknown) => QueryEffects } = {
  priority: (field, value) => {
    if (!Number.isInteger(value) || Math.abs(value as number) > MOST_PRIORITY)
      throw new Error(`${field}: expected a whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}`);
    return { priority: value as number };
  },
  request_source: (field, value) => ({ requestSource: headerText(field, value) }),
  add_client_tags: (field, value) => {
    if (!Array.isArray(value) || value.length > MOST_ITEMS)
      throw new Error(`${field}: expected a list of at most ${MOST_ITEMS} tags`);
    return { addClientTags: value.map((tag) => tagOf(field, tag)) };
  },
  session_properties: (field, value) => ({
    sessionProperties: textsOf(field, value, PROPERTY, (text) => {
      if (text.length > LONGEST_TEXT || !text.isWellFormed())
        throw new Error(`${field}: a value is too long or no text`);
      return text;
    }),
  }),
  strict: (field, value) => {
    if (typeof value !== 'boolean') throw new Error(`${field}: expected true or false`);
    return value ? { strict: true } : {};
  },
  set_headers: (field, value) => ({
    setHeaders: textsOf(field, value, HEADER_NAME, (text) => headerText(field, text)),
  }),
};

function readEffects(given: Readonly<Record<string, unknown>>): QueryEffects {
  const effects: QueryEffects = {};
  for (const [field, value] of Object.entries(given)) {
    const read = Object.hasOwn(readers, field) ? readers[field] : undefined;
    if (read === undefined) throw new Error(`${quote(field)} is no field of a result`);
    if (value !== undefined && value !== null) Object.assign(effects, read(field, value));
  }
  return effects;
}

function idOf(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`${field}: expected a text`);
  throwFirst(idProblem(field, value));
  return value;
}

function lineOf(field: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_TEXT || /\p{Cc}/u.test(value))
    throw new Error(`${field}: expected a message of up to ${LONGEST_TEXT} characters in one line`);
  return value;
}

function headerText(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`${field}: expected a text`);
  throwFirst(headerTextProblem(field, value));
  return value;
}

function tagOf(field: string, value: unknown): string {
  const tag = headerText(field, value).trim();
  if (tag === '' || tag.includes(',')) throw new Error(`${field}: expected tags that are not empty and have no comma`);
  return tag;
}

function textsOf(field: string, value: unknown, names: RegExp, read: (text: string) => string): Record<string, string> {
  const entries = Object.entries(objectOf(value, field));
  if (entries.length > MOST_ITEMS) throw new Error(`${field}: expected at most ${MOST_ITEMS} entries`);
  return Object.fromEntries(
    entries.map(([name, text]) => {
      if (!names.test(name)) throw new Error(`${field}: ${quote(name)} is no name`);
      if (typeof text !== 'string') throw new Error(`${field}: expected texts`);
      return [name, read(text)];
    }),
  );
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is neither nothing, nor a group, nor an object`);
  return value as Record<string, unknown>;
}

function throwFirst([problem]: readonly Problem[]): void {
  if (problem) throw new Error(`${problem.field}: ${problem.message}`);
}
