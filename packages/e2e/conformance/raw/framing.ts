import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { type Conversation, converse, firstAnswer } from '../support/raw-socket.ts';
import { clusterKinds, type Stage } from '../support/stage.ts';

const SQL = 'SELECT 44';
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;

/** The same bytes over a connection to the router and to the cluster. */
export function describeFraming(stage: () => Stage): void {
  const through = () => stage().through('accepting');
  const directly = () => stage().clusters.accepting.url;

  test.each([
    ['CONNECT with the name of another host', 'CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443'],
    ['CONNECT with a path', 'CONNECT /v1/statement HTTP/1.1', 'Host: gateway'],
  ])('case 42: %s is refused, and leads nowhere', async (_, ...head) => {
    const { text, closed } = await converse(through(), lines(...head));
    expect([400, 404, 405, 501]).toContain(firstAnswer(text).status);
    expect(closed).toBe(true);
  });

  test('case 43: a client of HTTP/1.0 gets an answer that is not chunked, and its connection ends when it must', async () => {
    const post = (...more: string[]) =>
      lines('POST /v1/statement HTTP/1.0', 'X-Trino-User: e2e', `Content-Length: ${SQL.length}`, ...more) + SQL;
    for (const url of [through(), directly()]) {
      const plain = await converse(url, post());
      const { status, lines: head, body } = firstAnswer(plain.text);
      expect([status, plain.closed]).toEqual([200, true]);
      expect(head.filter((line) => line.startsWith('transfer-encoding'))).toEqual([]);
      expect(JSON.parse(body)).toMatchObject({ stats: { state: 'QUEUED' } });
      // One that wants to keep the connection may, if the answer says its length and that it is kept.
      const kept = await converse(url, post('Connection: keep-alive'), { enough: isWhole });
      const { lines: keptHead } = firstAnswer(kept.text);
      expect(keptHead.filter((line) => line.startsWith('transfer-encoding'))).toEqual([]);
      expect(kept.closed || keptHead.includes('connection: keep-alive')).toBe(true);
    }
  });

  test('case 44: a statement in chunks of one byte runs', async () => {
    const head = lines(
      'POST /v1/statement HTTP/1.1',
      'Host: gateway',
      'X-Trino-User: e2e',
      'Transfer-Encoding: chunked',
    );
    const chunks = [...SQL].map((letter) => `1\r\n${letter}\r\n`).join('');
    for (const url of [through(), directly()])
      expect(status(await converse(url, `${head}${chunks}0\r\n\r\n`, { enough: isWhole }))).toBe(200);
  });

  test('case 44: a client that waits for 100 Continue is told so, and then gets its answer', async () => {
    const length = `Content-Length: ${SQL.length}`;
    const head = lines(
      'POST /v1/statement HTTP/1.1',
      'Host: gateway',
      'X-Trino-User: e2e',
      'Expect: 100-continue',
      length,
    );
    for (const url of [through(), directly()]) {
      const { text } = await converse(url, head, { parts: [SQL], enough: (all) => all.includes('"stats"') });
      expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    }
  });

  test('case 44: a compressed statement is refused with 415, and the connection does not hang', async () => {
    const packed = gzipSync(SQL);
    const type = ['Content-Encoding: gzip', `Content-Length: ${packed.length}`, 'Connection: close'];
    const head = lines('POST /v1/statement HTTP/1.1', 'Host: gateway', 'X-Trino-User: e2e', ...type);
    for (const kind of clusterKinds) {
      const answer = await converse(stage().through(kind), Buffer.concat([Buffer.from(head), packed]));
      expect([status(answer), answer.closed]).toEqual([415, true]);
    }
  });
}

const status = ({ text }: Conversation) => firstAnswer(text).status;

/** Whether all of the one answer came, by its length or last chunk. */
function isWhole(text: string): boolean {
  const { lines: head, body } = firstAnswer(text);
  const length = head.find((line) => line.startsWith('content-length:'))?.split(':')[1];
  return length === undefined ? body.endsWith('0\r\n\r\n') : text.includes('\r\n\r\n') && body.length >= Number(length);
}
