import { answerCases } from './answers/index.ts';
import type { AnswerCase } from './cases/answer-case.ts';
import type { Http2Case } from './cases/http2-case.ts';
import type { Expected, ExpectedMessage } from './cases/request-case.ts';
import type { Finding, Front } from './front.ts';
import { startNginxFront } from './nginx-front.ts';
import { http2Cases } from './requests/http2.ts';
import { requestCases } from './requests/index.ts';
import { startRouterFront } from './router-front.ts';
import { runAnswerCases } from './run-answers.ts';
import { runHttp2Cases } from './run-http2.ts';
import { runRequestCases } from './run-requests.ts';

type Column = { name: string; requests: Finding[]; answers: Finding[]; http2: Finding[] };

/** Runs the whole table against the router, and against nginx where it is installed: the lines of a Markdown page, and what failed. */
export async function runSmuggling(): Promise<{ lines: string[]; failed: readonly Finding[] }> {
  const router = await column(await startRouterFront(), runByHttp2);
  const columns = [router];
  const nginx = await startNginxFront();
  if (nginx !== undefined) columns.push(await column(nginx));
  const all = ({ requests, answers, http2 }: Column) => [...requests, ...answers, ...http2];
  const wrong = (one: Column) => all(one).filter(({ problems }) => problems.length > 0);
  const lines = [
    ...columns.map((one) => `- ${one.name}: ${all(one).length - wrong(one).length} of ${all(one).length} as expected`),
    '',
    '## What clients send',
    '',
    ...table(
      columns,
      (one) => one.requests,
      requestCases.map((one) => [one.id, describe(one.expected), one.because]),
    ),
    '',
    '## What coordinators answer',
    '',
    ...table(
      columns,
      (one) => one.answers,
      answerCases.map((one) => [one.id, expectedAnswer(one), one.because]),
    ),
    '',
    '## What clients send by HTTP/2',
    '',
    ...table(
      [router],
      (one) => one.http2,
      http2Cases.map((one) => [one.id, expectedOfHttp2(one), one.because]),
    ),
  ];
  return { lines, failed: wrong(router) };
}

const runByHttp2 = (front: Front) => runHttp2Cases(front, http2Cases, requestCases.length);

/** @param http2 for an address that speaks it without TLS */
async function column(
  started: Front & AsyncDisposable,
  http2: (front: Front) => Promise<Finding[]> = async () => [],
): Promise<Column> {
  await using front = started;
  const requests = await runRequestCases(front, requestCases);
  const answers = await runAnswerCases(front, answerCases);
  return { name: front.name, requests, answers, http2: await http2(front) };
}

function table(columns: readonly Column[], of: (column: Column) => Finding[], rows: readonly string[][]): string[] {
  const found = columns.map((one) => new Map(of(one).map((finding) => [finding.id, finding])));
  const head = ['case', 'expected', 'reason', ...columns.map(({ name }) => name)];
  const cells = rows.map((row) => [...row, ...found.map((findings) => cell(findings.get(row[0] ?? '')))]);
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.map(escaped).join(' | ')} |`);
}

/** What was seen, and a mark where it is not as expected. */
const cell = (finding: Finding | undefined) =>
  finding === undefined ? '' : `${finding.problems.length > 0 ? '**other**: ' : ''}${finding.saw}`;

const escaped = (text: string) =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll(/[^ -~À-ÿ…]/g, '·');

function describe({ answers, messages, connection }: Expected): string {
  const statuses = answers.map((allowed) => allowed.join(' or '));
  const said = statuses.length > 4 ? `${statuses.length} answers` : statuses.join(', ') || 'no answer';
  const few = messages.length > 3 ? `${messages.length} messages` : messages.map(describeMessage).join(' + ');
  return `${said}, ${connection}${few === '' ? '' : `; passed: ${few}`}`;
}

const describeMessage = ({ method, body }: ExpectedMessage) =>
  `${method}${body === '' ? '' : ` ${JSON.stringify(body.slice(0, 20))}`}`;

const expectedOfHttp2 = ({ expected: { answer, messages } }: Http2Case) =>
  `${answer.join(' or ')}${messages.map((message) => `; passed: ${describeMessage(message)}`).join('')}`;

const expectedAnswer = ({ expected }: AnswerCase) =>
  `${expected.as.join(' or ')}${expected.status === undefined ? '' : ` ${expected.status}`}`;
