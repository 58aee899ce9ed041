import { until } from '@trino-gateway/testing/processes/until';
import { type AnswerCase, TARGETS } from './cases/answer-case.ts';
import { PLACES, QUERY_ID } from './cases/request-case.ts';
import { type Finding, type Front, fillerOf, inParallel, PATIENCE_MS } from './front.ts';
import { answerProblemsOf, describeAnswer } from './judge-answer.ts';
import { openRawClient, type RawClient } from './wire/raw-client.ts';

const AT_A_TIME = 120;
/** So that no token is one of a request's case. */
const FIRST_NUMBER = 50_000;
/** In that time an address has seen what came on an idle connection, and closed it. */
const NOTICED_MS = 5_000;
const REASON = 'because';

/**
 * Runs all cases against an address, all of them at once: what fails is asked for again for some seconds. Those that write on an idle
 * connection come alone, as nobody else must have it by then.
 */
export async function runAnswerCases(front: Front, cases: readonly AnswerCase[]): Promise<Finding[]> {
  const numbered = cases.map((one, at) => ({ one, number: FIRST_NUMBER + at }));
  const isAlone = ({ one }: { one: AnswerCase }) => one.written.later !== undefined;
  const found = [
    ...(await run(
      front,
      numbered.filter((each) => !isAlone(each)),
      AT_A_TIME,
    )),
    ...(await run(front, numbered.filter(isAlone), 1)),
  ];
  return found;
}

function run(front: Front, cases: readonly { one: AnswerCase; number: number }[], atATime: number): Promise<Finding[]> {
  return inParallel(cases, atATime, async ({ one, number }) => {
    const began = performance.now();
    const { fill, token } = fillerOf(front, number, front.answers);
    const { expected, written } = one;
    const { bytes, later } = written;
    front.answers.answer(token, { ...written, bytes: fill(bytes), ...(later !== undefined && { later: fill(later) }) });
    const seen = await play(front, one, { fill, token });
    const wanted = { ...expected, ...(expected.body !== undefined && { body: fill(expected.body) }) };
    return {
      id: one.id,
      saw: describeAnswer(token, seen),
      problems: answerProblemsOf(token, wanted, seen),
      ms: performance.now() - began,
    };
  });
}

type Filler = { fill: (text: string) => string; token: string };

async function play(front: Front, { method, written }: AnswerCase, { fill, token }: Filler) {
  await using client = await openRawClient(front.connect);
  client.expectMethods([method]);
  const body = method === 'PUT' ? `Content-Length: ${REASON.length}\r\n\r\n${REASON}` : '\r\n';
  const lines = `Host: ${front.authority}\r\nX-Trino-User: ${token}\r\n`;
  client.send(`${method} ${fill(TARGETS[method])} HTTP/1.1\r\n${lines}${body}`);
  await client.until(() => client.answers[0]?.complete === true || client.ended() !== false, PATIENCE_MS);
  const [answers, fault, ended] = [[...client.answers], client.fault(), client.ended()];
  if (written.later !== undefined) {
    front.answers.sayMore(token);
    // While it stays open, what was written may be taken for the answer to the next request on it.
    await until('the connection to be closed', () => !front.answers.isOpen(token), NOTICED_MS).catch(() => {});
  }
  const served: boolean[] = [];
  for (const mark of ['u', 'v']) served.push(await isServed(front, client, fill, token.replace('t', mark)));
  // What came with the answer, and behind it before the next requests were sent.
  const extra = client.answers.length - answers.length - (ended === false ? served.length : 0);
  return { answers: extra > 0 ? client.answers.slice(0, answers.length + extra) : answers, fault, ended, served };
}

/** Asks the same coordinator once more, on the same connection where it stays: the answer must be to this request. */
async function isServed(front: Front, first: RawClient, fill: Filler['fill'], mark: string): Promise<boolean> {
  await using other = first.ended() === false ? undefined : await openRawClient(front.connect);
  const client = other ?? first;
  const count = client.answers.length;
  const target = fill(`/v1/query/${QUERY_ID}?next=${mark}`);
  client.expectMethods(['GET']);
  client.send(`GET ${target} HTTP/1.1\r\nHost: ${front.authority}\r\nX-Trino-User: ${PLACES.token.length}\r\n\r\n`);
  await client.until(() => client.answers[count]?.complete === true || client.ended() !== false, PATIENCE_MS);
  return client.answers[count]?.body.includes(mark) === true;
}
