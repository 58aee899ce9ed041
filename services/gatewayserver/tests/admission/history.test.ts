import { expect, test } from '@jest/globals';
import { QUERY_ID } from '@trino-gateway/testing/trino-events';
import { until } from '../support/gatewayserver-fixture.ts';
import { offerOf, startLimited, submission } from './support/admission-fixture.ts';

test.each(['before', 'after'])(
  'a query that waited has one row of history, even when another router reports it %s the one that submitted it',
  async (when) => {
    await using server = await startLimited();
    const waiting = submission(server);
    await waiting.enqueue();
    await waiting.assign(offerOf(await waiting.poll()), QUERY_ID);
    const report = (query: Record<string, unknown>) => server.ok('QueryService/RecordQueries', { queries: [query] });
    // A router that passed the last page on knows nothing but the id of the cluster.
    const elsewhere = () => report({ trinoQueryId: QUERY_ID, state: 'FINISHED', endedAt: '2026-11-21T08:08:09Z' });
    if (when === 'before') await elsewhere();
    const handedOver = { id: waiting.temporaryId, trinoQueryId: QUERY_ID, text: 'SELECT 1', backendId: 'b' };
    await report({ ...handedOver, state: 'QUEUED', queuedMs: 70, submittedAt: '2026-11-21T08:08:08Z' });
    if (when === 'after') await elsewhere();
    const { queries } = await server.ok('QueryService/ListQueries', {});
    expect(queries).toMatchObject([{ ...handedOver, state: 'FINISHED', queuedMs: 70 }]);
    for (const id of [waiting.temporaryId, QUERY_ID])
      expect(await server.ok('QueryService/GetQuery', { id })).toEqual((queries as unknown[])[0]);
    // One that no other router has reported waits for the router that submitted it.
    const direct = '20261121_080808_00131_93wed';
    await report({ trinoQueryId: direct, state: 'RUNNING' });
    await report({ id: direct, trinoQueryId: direct, text: 'SELECT 2' });
    expect((await server.ok('QueryService/ListQueries', {})).queries).toHaveLength(2);
  },
);

test('a made-up id makes no row, and a query submitted elsewhere gets the end that was reported before', async () => {
  await using server = await startLimited();
  const report = (...queries: Record<string, unknown>[]) => server.ok('QueryService/RecordQueries', { queries });
  const listed = async () => (await server.ok('QueryService/ListQueries', {})).queries as Record<string, unknown>[];
  const madeUp = ['20261121_080808_00001_93wed', '20261121_080808_00002_93wed'];
  const elsewhere = '20261121_080808_00003_93wed';
  const submittedAt = '2026-11-21T08:08:07Z';
  const end = {
    state: 'FAILED',
    endedAt: '2026-11-21T08:08:09Z',
    error: { name: 'USER_CANCELED', code: 3, message: 'm' },
  };
  await report(...[...madeUp, elsewhere].map((trinoQueryId) => ({ trinoQueryId, ...end })));
  await report({ trinoQueryId: elsewhere, state: 'RUNNING', startedAt: '2026-11-21T08:08:08Z' });
  expect(await listed()).toBeUndefined();
  await report({ id: elsewhere, trinoQueryId: elsewhere, text: 'SELECT 2', state: 'QUEUED', submittedAt });
  const rows = await until(listed, ([row]) => row?.state === 'FAILED' && row.startedAt !== undefined);
  expect(rows).toMatchObject([{ id: elsewhere, text: 'SELECT 2', ...end }]);
});
