import type { Duplex } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { valuesOf, type WireMessage } from '../../smuggling/wire/message-reader.ts';
import { type Connect, openRawClient, type RawClient } from '../../smuggling/wire/raw-client.ts';
import { checkResult, type SoakStatement } from './statements.ts';

/** One connection of a client that asks for one thing after the other. */
export type Talk = AsyncDisposable & {
  /** For what a client must not do. */
  readonly socket: Duplex;
  readonly client: RawClient;
  /** Sends a request, and reads its answer whole. @throws Error when it is not 200 */
  ask(request: string): Promise<WireMessage>;
};

const ANSWER_MS = 60_000;

/** What all requests have in common. */
const HEAD =
  'Host: soak.example\r\nX-Trino-User: soak\r\nX-Trino-Source: soak\r\nUser-Agent: StatementClientV1/476\r\n';

export const submission = (sql: string, more = '') =>
  `POST /v1/statement HTTP/1.1\r\n${HEAD}${more}Content-Length: ${sql.length}\r\n\r\n${sql}`;

/** Of the link of a page. */
export function poll({ nextUri = '' }: Page, more = '', method = 'GET'): string {
  const { pathname, search } = new URL(nextUri);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${HEAD}${more}\r\n`;
}

export async function openTalk(connect: Connect): Promise<Talk> {
  const socket = await connect();
  const client = await openRawClient(async () => socket);
  return {
    socket,
    client,
    ask: (request) => {
      client.send(request);
      return answerAt(client, client.answers.length);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** That answer, once it is whole. @throws Error when it does not come, breaks off, or is not 200 */
export async function answerAt(client: RawClient, index: number): Promise<WireMessage> {
  const isWhole = () => client.answers[index]?.complete === true;
  await client.until(() => isWhole() || client.ended() !== false, ANSWER_MS);
  const answer = client.answers[index];
  if (!isWhole() || answer === undefined)
    throw new Error(`no whole answer: ${answer?.start ?? 'nothing came'}, ${client.fault() ?? client.ended()}`);
  if (!answer.start.startsWith('HTTP/1.1 200')) throw new Error(`${answer.start}: ${answer.body.slice(0, 200)}`);
  return answer;
}

/** @throws Error when the page tells of an error */
export function pageOf(answer: WireMessage): Page {
  const bytes = Buffer.from(answer.body, 'latin1');
  const isZipped = valuesOf(answer, 'content-encoding').includes('gzip');
  const page = JSON.parse((isZipped ? gunzipSync(bytes) : bytes).toString()) as Page;
  if (page.error !== undefined) throw new Error(`${page.error.errorName}: ${page.error.message}`);
  return page;
}

/** Runs a statement to its end on this connection. @throws Error when its result is not the right one */
export async function runWhole({ ask }: Pick<Talk, 'ask'>, statement: SoakStatement, more = ''): Promise<void> {
  const rows: unknown[][] = [];
  let page = pageOf(await ask(submission(statement.sql, more)));
  for (; page.nextUri !== undefined; page = pageOf(await ask(poll(page, more)))) rows.push(...(page.data ?? []));
  rows.push(...(page.data ?? []));
  checkResult(statement, rows);
}
