import { expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { run } from '../support/client.ts';
import { startTestbed } from '../support/testbed.ts';

test('a statement runs on the chosen cluster and its rows arrive', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { a: trino } });
  const { rows, pages, last } = await run(router.url, 'SELECT 1');
  expect(rows).toEqual([[1]]);
  for (const page of pages) {
    expect(page.infoUri.startsWith(`${router.url}/ui/`)).toBe(true);
    if (page.nextUri !== undefined) expect(page.nextUri.startsWith(`${router.url}/v1/statement/`)).toBe(true);
  }
  expect(trino.queries.map(({ statement, state }) => [statement, state])).toEqual([['SELECT 1', 'FINISHED']]);
  expect(router.routes).toHaveLength(1);
  expect(router.settled).toEqual([router.routes[0]?.submissionId]);
  expect(router.incarnations).toEqual([{ suffix: trino.suffix, backendId: 'a' }]);
  expect(router.started).toMatchObject([
    {
      id: last.id,
      trinoQueryId: last.id,
      text: 'SELECT 1',
      user: 'alice',
      backendId: 'a',
      groupId: 'g',
      decidedBy: 'policy p',
      state: Query_State.QUEUED,
    },
  ]);
  expect(router.running).toContain(last.id);
  expect(router.ended).toEqual([{ id: last.id, state: Query_State.FINISHED, error: undefined }]);
});
