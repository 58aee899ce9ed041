import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post } from '../support/client.ts';
import { startQueueBed } from '../support/queue-bed.ts';
import { answerJson, firstPage, startStub } from '../support/stub-cluster.ts';

// Each question is repeated for some two seconds.

describe('a cluster that is asked whether a query has ended', () => {
  const id = '20261121_080808_00130_93wed';
  const other = `{"id":"20261121_080808_00131_93wed","infoUri":"http://c","stats":{"state":"FINISHED"}}`;
  test.each<[string, (response: ServerResponse) => unknown]>([
    ['refuses', (response) => response.writeHead(401).end()],
    ['has forgotten it', (response) => response.writeHead(410).end()],
    ['fails', (response) => response.writeHead(500).end()],
    ['answers with a page of another query', (response) => answerJson(response, other)],
    ['answers with half a page', (response) => answerJson(response, `{"id":"${id}","stats":`)],
    ['answers without an end', (response) => endless(response)],
  ])('and %s frees nothing, and keeps no connection', async (_what, answer) => {
    let asked = 0;
    await using cluster = await startStub((request, response) => {
      if (request.method === 'DELETE') response.writeHead(204).end();
      else if (request.method === 'POST') answerJson(response, firstPage(request, id));
      else {
        asked += 1;
        answer(response);
      }
    });
    await using bed = await startQueueBed({ taken: 0, router: { clusters: { trino: cluster } } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect((await ask(nextUri.replace(/1$/, '2'), { method: 'DELETE' })).status).toBe(204);
    await until('the questions to end', () => bed.router.ended.length > 0, 30_000);
    expect(bed.router.ended).toEqual([{ id, state: Query_State.FAILED, error: 'USER_CANCELED' }]);
    expect(bed.admission.calls.filter((call) => call.startsWith('settle'))).toEqual([]);
    expect(asked).toBeLessThanOrEqual(6);
    await until('the connections to be closed', () => cluster.open() === 0);
  });
});

/** Sends spaces until it is stopped. */
function endless(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const more = () => {
    let hasRoom = true;
    while (!response.destroyed && hasRoom) hasRoom = response.write(' '.repeat(65_536));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}
