import type { Expected, ExpectedMessage } from './cases/request-case.ts';
import { valuesOf, type WireMessage } from './wire/message-reader.ts';

/** What was seen of a case. */
export type SeenRequest = {
  answers: readonly WireMessage[];
  /** What the client got and is no answer. */
  fault: string | undefined;
  messages: readonly WireMessage[];
  ended: false | 'closed' | 'reset';
  /** Whether the next request on the connection was served; undefined when it was not tried. */
  served: boolean | undefined;
};

export const statusOf = ({ start }: WireMessage) => Number(start.slice(9, 12));
const shown = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);

/** What is wrong with what was seen; nothing when it is as expected. */
export function problemsOf(expected: Expected, seen: SeenRequest): string[] {
  const problems: string[] = [];
  if (seen.fault !== undefined) problems.push(`the client got ${seen.fault}`);
  problems.push(...answerProblems(expected, seen));
  if (seen.messages.length !== expected.messages.length)
    problems.push(`${seen.messages.length} messages reached the coordinator instead of ${expected.messages.length}`);
  for (const [at, wanted] of expected.messages.entries()) {
    const message = seen.messages[at];
    if (message !== undefined) problems.push(...messageProblems(wanted, message));
  }
  const { connection } = expected;
  if (connection === 'closed' && seen.ended === false) problems.push('the connection stays open');
  if (connection === 'open' && seen.served !== true) problems.push('the next request on the connection is not served');
  if (connection === 'either' && seen.ended === false && seen.served !== true)
    problems.push('the connection is neither closed nor served');
  return problems;
}

function answerProblems({ answers }: Expected, seen: SeenRequest): string[] {
  const problems: string[] = [];
  for (const [at, allowed] of answers.entries()) {
    const answer = seen.answers[at];
    const got = answer === undefined ? 'none' : statusOf(answer);
    if (!allowed.includes(got)) problems.push(`answered ${got} instead of ${allowed.join(' or ')}`);
    if (answer?.complete === false) problems.push('an answer breaks off');
  }
  if (seen.answers.length > answers.length) problems.push(`${seen.answers.length} answers`);
  return problems;
}

/** What is wrong with a message that has reached the coordinator. */
export function messageProblems(wanted: ExpectedMessage, message: WireMessage): string[] {
  const problems: string[] = [];
  const [method, target] = message.start.split(' ');
  if (method !== wanted.method || target !== wanted.target)
    problems.push(`the coordinator got ${shown(message.start)}`);
  if (!message.complete) problems.push('the coordinator got a part of a message');
  if (message.body !== wanted.body) problems.push(`the coordinator got the body ${shown(message.body)}`);
  if (message.trailers.length > 0) problems.push('trailers reached the coordinator');
  for (const name of wanted.without ?? [])
    if (valuesOf(message, name).length > 0) problems.push(`${name} reached the coordinator`);
  const kept = (wanted.having ?? []).map(([name]) => name);
  for (const name of new Set(kept)) {
    const values = (wanted.having ?? []).filter(([one]) => one === name).map(([, value]) => value);
    const got = valuesOf(message, name);
    if (got.join('\n') !== values.join('\n')) problems.push(`${name} arrived as ${shown(got.join(', '))}`);
  }
  return problems;
}

/** In few words. */
export function describeRequest({ answers, messages, ended, served }: SeenRequest): string {
  const statuses = answers.map((answer) => `${statusOf(answer)}${answer.complete ? '' : ' (part)'}`);
  const said = statuses.length > 4 ? `${statuses.length} answers` : statuses.join(', ') || 'no answer';
  const end = ended === false ? (served === true ? 'stays' : 'waits') : ended;
  const few = messages.length > 3 ? `${messages.length} messages` : messages.map(describeMessage).join(' + ');
  return `${said}, ${end}${few === '' ? '' : `; passed: ${few}`}`;
}

function describeMessage({ start, body, complete }: WireMessage): string {
  const [method = '', target = ''] = start.split(' ');
  const path = target.replace(/\/v1\/statement\/executing\/.*/s, 'poll').replace(/[?].*/s, '');
  return `${method} ${shown(path).slice(1, -1)}${body === '' ? '' : ` ${shown(body.slice(0, 20))}`}${complete ? '' : ' (part)'}`;
}
