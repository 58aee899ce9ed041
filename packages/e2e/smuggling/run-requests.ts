import { type Expected, type ExpectedMessage, PLACES, QUERY_ID, type RequestCase } from './cases/request-case.ts';
import { type Finding, type Front, fillerOf, inParallel, PATIENCE_MS } from './front.ts';
import { describeRequest, problemsOf, type SeenRequest } from './judge-request.ts';
import { openRawClient, type RawClient } from './wire/raw-client.ts';

const AT_A_TIME = 24;
/** How long nothing must happen where nothing may. */
const QUIET_MS = 400;

/** Runs all cases against an address, several at a time; `from` keeps those apart that share its coordinators. */
export function runRequestCases(front: Front, cases: readonly RequestCase[], from = 0): Promise<Finding[]> {
  return inParallel(cases, AT_A_TIME, async (one, at) => {
    const began = performance.now();
    const { fill, token } = fillerOf(front, from + at, front.requests);
    const expected = filled(one.expected, fill);
    const seen = await play(front, one, { fill, token, expected });
    return {
      id: one.id,
      saw: describeRequest(seen),
      problems: problemsOf(expected, seen),
      ms: performance.now() - began,
    };
  });
}

type Filled = { fill: (text: string) => string; token: string; expected: Expected };

function filled(expected: Expected, fill: (text: string) => string): Expected {
  const messages = expected.messages.map(
    (message): ExpectedMessage => ({
      ...message,
      target: fill(message.target),
      body: fill(message.body),
      having: (message.having ?? []).map(([name, value]) => [name, fill(value)] as const),
    }),
  );
  return { ...expected, messages };
}

async function play({ connect, requests }: Front, { sends }: RequestCase, { fill, token, expected }: Filled) {
  const [first, ...later] = sends;
  await using client = await openRawClient(connect);
  client.expectMethods(first.match(/(?<=^|\n|})[A-Z]+(?= \S+ HTTP\/1\.)/g) ?? []);
  client.send(fill(first));
  for (const { after, bytes } of later) {
    await client.until(() => hasCome(client, after) || client.ended() !== false, PATIENCE_MS);
    client.send(fill(bytes));
  }
  const { answers, connection } = expected;
  const hasAnswers = () => client.answers.length >= answers.length && client.answers.every(({ complete }) => complete);
  if (connection === 'waiting') {
    await client.until(hasAnswers, answers.length > 0 ? PATIENCE_MS : 0);
    await client.until(() => client.answers.length > answers.length || client.ended() !== false, QUIET_MS);
  } else await client.until(() => client.ended() !== false || (connection !== 'closed' && hasAnswers()), PATIENCE_MS);
  const served = connection === 'waiting' ? undefined : await isServed(client, fill, token);
  const shown = served === true ? client.answers.slice(0, -1) : client.answers;
  const seen: SeenRequest = {
    answers: shown,
    fault: client.fault(),
    messages: requests.holding(token),
    ended: client.ended(),
    served,
  };
  return seen;
}

const hasCome = ({ interim, answers }: RawClient, what: 'continue' | 'answer') =>
  what === 'continue' ? interim.length > 0 : answers.length > 0;

/** Asks once more on the same connection: what was hidden before it would have come out by then. */
async function isServed(client: RawClient, fill: (text: string) => string, token: string): Promise<boolean> {
  if (client.ended() !== false) return false;
  const count = client.answers.length;
  const target = `/v1/query/${QUERY_ID}?next=${token.replace('t', 's')}`;
  client.send(fill(`GET ${target} HTTP/1.1\r\nHost: ${PLACES.authority}\r\nX-Trino-User: next\r\n\r\n`));
  await client.until(() => client.ended() !== false || client.answers[count]?.complete === true, PATIENCE_MS);
  return client.answers[count]?.body.includes(fill(target)) === true;
}
