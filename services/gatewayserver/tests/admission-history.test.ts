import { expect, test } from '@jest/globals';
import { startLimited, submission, turnOf } from './admission-fixture.ts';
import { QUERY_ID } from './trino-events.ts';

test.each(['before', 'after'])(
  'a query that waited has one row of history, whoever tells of it %s the router that handed it over',
  async (when) => {
    await using server = await startLimited();
    const waiting = submission(server);
    await waiting.enqueue();
    await waiting.handOver(turnOf(await waiting.poll()), QUERY_ID);
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
    // One that nobody else has told of so far is a row of its own, which its router completes.
    const direct = '20261121_080808_00131_93wed';
    await report({ trinoQueryId: direct, state: 'RUNNING' });
    await report({ id: direct, trinoQueryId: direct, text: 'SELECT 2' });
    expect((await server.ok('QueryService/ListQueries', {})).queries).toHaveLength(2);
  },
);
