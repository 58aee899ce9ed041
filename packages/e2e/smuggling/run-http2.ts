import type { Http2Case } from './cases/http2-case.ts';
import type { ExpectedMessage } from './cases/request-case.ts';
import { type Finding, type Front, fillerOf, inParallel } from './front.ts';
import { messageProblems } from './judge-request.ts';
import { askByHttp2, type Line } from './wire/http2-client.ts';

const AT_A_TIME = 24;

/** Runs all cases against an address whose connections speak HTTP/2, several at a time; `from` as for requests of HTTP/1.1. */
export function runHttp2Cases(front: Front, cases: readonly Http2Case[], from: number): Promise<Finding[]> {
  return inParallel(cases, AT_A_TIME, async ({ id, head, parts, expected }, at) => {
    const began = performance.now();
    const { fill, token } = fillerOf(front, from + at, front.requests);
    const line = ([name, value]: Line): Line => [fill(name), fill(value)];
    const sent = parts.map((part) => (typeof part === 'string' ? fill(part) : part.map(line)));
    const { status, error, isClosed } = await askByHttp2(front.connect, head.map(line), sent);
    const messages = front.requests.holding(token);
    const got = status ?? (error !== undefined || isClosed ? 'reset' : 'nothing');
    const problems: string[] = [];
    if (!expected.answer.some((one) => one === got))
      problems.push(`answered ${got} instead of ${expected.answer.join(' or ')}`);
    if (messages.length !== expected.messages.length)
      problems.push(`${messages.length} messages reached the coordinator instead of ${expected.messages.length}`);
    for (const [index, wanted] of expected.messages.entries()) {
      const message = messages[index];
      if (message !== undefined) problems.push(...messageProblems(filled(wanted, fill), message));
    }
    return { id, saw: `${got}; passed: ${messages.length}`, problems, ms: performance.now() - began };
  });
}

function filled(wanted: ExpectedMessage, fill: (text: string) => string): ExpectedMessage {
  return { ...wanted, target: fill(wanted.target), body: fill(wanted.body) };
}
