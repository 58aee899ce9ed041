import type { AnswerCase, AnswerKind } from './cases/answer-case.ts';
import { statusOf } from './judge-request.ts';
import { valuesOf, type WireMessage } from './wire/message-reader.ts';

/** What was seen of a case. */
export type SeenAnswer = {
  /** All that came for the one request. */
  answers: readonly WireMessage[];
  fault: string | undefined;
  ended: false | 'closed' | 'reset';
  /** Whether each of the next requests had its own answer. */
  served: readonly boolean[];
};

/** Undefined while nothing has come, and nothing can come any more: the connection just stays. */
function kindOf(token: string, { answers, ended }: SeenAnswer): AnswerKind | undefined {
  const [answer] = answers;
  if (answer === undefined || !answer.complete) return ended === false ? undefined : 'broken';
  const isOwn = statusOf(answer) >= 500 || answer.body.includes('"error"');
  return isOwn && !answer.body.includes(token) ? 'replaced' : 'relayed';
}

/** What is wrong with what was seen; nothing when it is as expected. */
export function answerProblemsOf(token: string, expected: AnswerCase['expected'], seen: SeenAnswer): string[] {
  const problems: string[] = [];
  const kind = kindOf(token, seen);
  if (kind === undefined) problems.push('no answer');
  else if (!expected.as.includes(kind)) problems.push(`${kind} instead of ${expected.as.join(' or ')}`);
  if (seen.answers.length > 1) problems.push(`${seen.answers.length} answers to one request`);
  if (seen.fault !== undefined && kind !== 'broken') problems.push(`the client got ${seen.fault}`);
  const [answer] = seen.answers;
  if (kind === 'relayed' && answer !== undefined && expected.as.includes('relayed'))
    problems.push(...relayProblems(expected, answer));
  for (const [at, served] of seen.served.entries())
    if (!served) problems.push(`request ${at + 1} after it had not its own answer`);
  return problems;
}

function relayProblems({ status, body, without, having }: AnswerCase['expected'], answer: WireMessage): string[] {
  const problems: string[] = [];
  if (status !== undefined && statusOf(answer) !== status) problems.push(`status ${statusOf(answer)}`);
  if (body !== undefined && answer.body !== body) problems.push(`the body ${JSON.stringify(answer.body.slice(0, 80))}`);
  if (answer.trailers.length > 0) problems.push('trailers reached the client');
  for (const name of without ?? []) if (valuesOf(answer, name).length > 0) problems.push(`${name} reached the client`);
  for (const name of new Set((having ?? []).map(([one]) => one))) {
    const values = (having ?? []).filter(([one]) => one === name).map(([, value]) => value);
    const got = valuesOf(answer, name);
    if (got.join('\n') !== values.join('\n')) problems.push(`${name} came as ${JSON.stringify(got).slice(0, 80)}`);
  }
  return problems;
}

/** In few words. */
export function describeAnswer(token: string, seen: SeenAnswer): string {
  const [answer] = seen.answers;
  const kind = kindOf(token, seen) ?? 'nothing';
  const more = seen.answers.length > 1 ? `, ${seen.answers.length} answers` : '';
  const poisoned = seen.served.every(Boolean) ? '' : '; the next answer is another one';
  return `${kind}${answer === undefined ? '' : ` ${statusOf(answer)}`}${more}${poisoned}`;
}
