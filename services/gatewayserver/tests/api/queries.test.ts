import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatewayserver-tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));
const server = serverWithTwoBackends({ token_folder: folder });

describe('queries', () => {
  const trinoId = (suffix: string) => `20261121_080808_00130_${suffix}`;

  test('reports become history, which filters and pages', async () => {
    const submittedAt = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const query = (id: string, second: number, given = {}) => ({
      id,
      trinoQueryId: id,
      text: 'SELECT 1',
      user: 'ann',
      backendId: 'one',
      groupId: 'both',
      state: 'RUNNING',
      submittedAt: submittedAt(second),
      ...given,
    });
    await server.ok('QueryService/RecordQueries', {
      queries: [query('q1', 1), query('q2', 2, { user: 'bob' }), query('q3', 3)],
    });
    await server.ok('QueryService/RecordQueries', {
      queries: [{ id: 'q1', state: 'FINISHED', endedAt: submittedAt(9) }],
    });
    expect((await server.get('QueryService/GetQuery', { id: 'q1' })).body).toMatchObject({
      state: 'FINISHED',
      user: 'ann',
    });
    const ids = async (filter: object) => {
      const { queries } = (await server.ok('QueryService/ListQueries', filter)) as { queries?: { id: string }[] };
      return queries?.map(({ id }) => id) ?? [];
    };
    expect(await ids({})).toEqual(['q3', 'q2', 'q1']);
    expect(await ids({ order: 'OLDEST_FIRST', user: 'ann' })).toEqual(['q1', 'q3']);
    expect(await ids({ state: 'FINISHED' })).toEqual(['q1']);
    expect(await ids({ submittedAfter: submittedAt(2), submittedBefore: submittedAt(3) })).toEqual(['q2']);
    const page = await server.ok('QueryService/ListQueries', { pageSize: 2 });
    expect(await ids({ pageToken: page.nextPageToken })).toEqual(['q1']);
  });

  test('a text is searched within a time range: the last day, the day before a given end, or the given range', async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const query = (id: string, hours: number) => ({ id, text: `SELECT 'needle'`, submittedAt: hoursAgo(hours) });
    const queries = [query('n1', 1), query('n23', 23), query('n25', 25), query('n47', 47), query('n49', 49)];
    await server.ok('QueryService/RecordQueries', { queries });
    const ids = async (filter: object) => {
      const { queries } = (await server.ok('QueryService/ListQueries', filter)) as { queries?: { id: string }[] };
      return queries?.map(({ id }) => id) ?? [];
    };
    const text = 'needle';
    expect(await ids({ text })).toEqual(['n1', 'n23']);
    expect(await ids({ text, submittedBefore: hoursAgo(24) })).toEqual(['n25', 'n47']);
    expect(await ids({ text, submittedAfter: hoursAgo(48) })).toEqual(['n1', 'n23', 'n25', 'n47']);
    expect(await ids({ text, submittedAfter: hoursAgo(48), submittedBefore: hoursAgo(24) })).toEqual(['n25', 'n47']);
    const first = await server.ok('QueryService/ListQueries', { text, pageSize: 1 });
    expect(await ids({ text, pageToken: first.nextPageToken })).toEqual(['n23']);
  });

  test('the coordinator of a query is found by the suffix of its id, else by history', async () => {
    await server.ok('SuiteService/RecordIncarnation', {
      suffix: 'abcde',
      backendId: 'one',
      url: 'http://127.0.0.1:1/',
    });
    const find = (id: string) => server.post('QueryService/FindBackendForQuery', { id });
    expect((await find(trinoId('abcde'))).body).toEqual({ backendId: 'one', url: 'http://127.0.0.1:1' });
    expect((await find('q2')).body).toEqual({ backendId: 'one', url: 'http://127.0.0.1:1001' });
    expect((await find(trinoId('zzzzz'))).body.code).toBe('not_found');
  });

  test('cancelling asks the cluster of the query in the name of its user', async () => {
    await using trino = await startScriptedTrino();
    const id = trinoId(trino.suffix);
    await server.ok('SuiteService/RecordIncarnation', { suffix: trino.suffix, backendId: 'two', url: trino.url });
    await server.ok('QueryService/RecordQueries', {
      queries: [
        {
          id,
          trinoQueryId: id,
          user: 'ann',
          backendId: 'two',
          state: 'RUNNING',
          submittedAt: new Date().toISOString(),
        },
      ],
    });
    await server.ok('QueryService/CancelQuery', { id });
    const asked = JSON.stringify(trino.requests.find(({ method }) => method === 'DELETE'));
    expect(asked).toContain(`/v1/query/${id}`);
    expect(asked).toContain('"ann"');
  });

  test('cancelling on a cluster that takes tokens uses the token of the probe, and says when it is refused', async () => {
    await using trino = await startScriptedTrino({ tokens: { 'a.b.c': 'checker' } });
    const backend = { id: 'tokens', url: trino.url, probe: { token: 'a.b.c' } };
    await server.ok('BackendService/PutBackend', { backend });
    const id = trinoId(trino.suffix);
    await server.ok('SuiteService/RecordIncarnation', { suffix: trino.suffix, backendId: 'tokens', url: trino.url });
    await server.ok('QueryService/CancelQuery', { id });
    const { method, rawHeaders } = trino.requests.at(-1) ?? { method: '', rawHeaders: [] };
    const header = (name: string) => rawHeaders[rawHeaders.findIndex((one) => one.toLowerCase() === name) + 1];
    expect([method, header('authorization')]).toEqual(['DELETE', 'Bearer a.b.c']);
    expect(JSON.stringify(rawHeaders).toLowerCase()).not.toContain('x-trino-user');
    await server.ok('BackendService/PutBackend', { backend: { ...backend, probe: { token: 'wrong-token' } } });
    const refused = await server.post('QueryService/CancelQuery', { id });
    expect(refused.body).toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('probe.token'),
    });
    expect(JSON.stringify(refused.body)).not.toContain('wrong-token');
  });

  test('cancelling uses the token that stands in the token file now, and says why it cannot be read', async () => {
    await using trino = await startScriptedTrino({ tokens: { 'first.token': 'checker', 'second.token': 'checker' } });
    const tokenFile = join(folder, 'token');
    await server.ok('BackendService/PutBackend', { backend: { id: 'file', url: trino.url, probe: { tokenFile } } });
    const id = trinoId(trino.suffix);
    await server.ok('SuiteService/RecordIncarnation', { suffix: trino.suffix, backendId: 'file', url: trino.url });
    const refused = await server.post('QueryService/CancelQuery', { id });
    expect(refused.body).toEqual({
      code: 'failed_precondition',
      message: `backend "file": probe.token_file: ${tokenFile} cannot be read (ENOENT)`,
    });
    expect(trino.requests).toEqual([]);
    const cancels = () =>
      trino.requests.filter(({ method }) => method === 'DELETE').map(({ rawHeaders }) => rawHeaders);
    for (const [at, token] of ['first.token', 'second.token'].entries()) {
      await writeFile(tokenFile, token);
      await server.ok('QueryService/CancelQuery', { id });
      expect(cancels()[at]).toContain(`Bearer ${token}`);
    }
    const backend = { id: 'file', url: trino.url, probe: { tokenFile: '/etc/hostname' } };
    await server.ok('BackendService/PutBackend', { backend });
    const outside = await server.post('QueryService/CancelQuery', { id });
    expect(outside.body.message).toBe(
      'backend "file": probe.token_file: /etc/hostname is not below gatewayserver.token_folder',
    );
    expect(cancels()).toHaveLength(2);
  });

  test('cancelling on a cluster that does not answer is UNAVAILABLE, of an unknown query NOT_FOUND', async () => {
    expect((await server.post('QueryService/CancelQuery', { id: trinoId('abcde') })).body.code).toBe('unavailable');
    expect((await server.post('QueryService/CancelQuery', { id: trinoId('yyyyy') })).body.code).toBe('not_found');
  });
});
