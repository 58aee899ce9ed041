import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, jest, test } from '@jest/globals';
import { Backend_Forwarding, Query_State as State } from '@trino-gateway/api/gateway';
import { headerValue, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { runStatement } from '@trino-gateway/trino/client';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

async function tokenFolder() {
  const path = await mkdtemp(join(tmpdir(), 'monitor-tokens-'));
  const file = join(path, 'token');
  return {
    path,
    file,
    put: async (token: string) => {
      await writeFile(`${file}.new`, token);
      await rename(`${file}.new`, file);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

test('all that a cluster is asked, it is asked with the token that stands in the file now', async () => {
  await using folder = await tokenFolder();
  await using gatewayserver = await startFakeGatewayserver();
  await using trino = await startScriptedTrino({ tokens: { first: 'ann', second: 'ann' } });
  const sent = () =>
    trino.requests
      .filter(({ path }) => path !== '/v1/info')
      .map(({ rawHeaders }) => headerValue(rawHeaders, 'authorization'));
  const login = { token: 'first', headers: { 'X-Forwarded-Proto': 'https' } };
  const run = (statement: string) =>
    runStatement({ url: trino.url, user: 'ann', ...login, statement, timeLimitMs: 60_000 });
  const leased = (await run('SELECT 1')).queryId;
  const open = { direct: (await run('SELECT 2')).queryId, late: (await run('SELECT 3')).queryId };
  gatewayserver.setLeases({ direct: [leased] });
  const running = { state: State.RUNNING, submittedAt: timestampFromMs(Date.now() - 45_000) };
  const entries = Object.entries(open).map(([backendId, id]) => ({ id, trinoQueryId: id, backendId, ...running }));
  gatewayserver.setHistory(entries);
  await folder.put('first');
  const probe = { tokenFile: folder.file };
  gatewayserver.setBackends([
    { id: 'direct', url: trino.url, probe, forwarding: Backend_Forwarding.DIRECT },
    { id: 'late', url: trino.url, probe },
  ]);
  await using _ = await startTestMonitor(gatewayserver, { interval: '50ms', token_folder: folder.path });
  await until('both to be healthy', () => Object.keys(open).every((id) => gatewayserver.last(id)?.healthy));
  await until('the lease to be settled', () => gatewayserver.settled.includes(leased));
  const reported = (query: string) => gatewayserver.queryReports.some(({ id }) => id === query);
  await until('the ends in the history', () => Object.values(open).every(reported));
  await folder.put('second');
  // Statements that began before go on as they began.
  await until('the new token alone', () =>
    sent()
      .slice(-20)
      .every((one) => one === 'Bearer second'),
  );
  expect(new Set(sent())).toEqual(new Set(['Bearer first', 'Bearer second']));
  expect(gatewayserver.statuses.filter(({ healthy }) => !healthy)).toEqual([]);
});

test('a token file that goes makes its backend unhealthy, and its return makes it healthy, while the others stay as they are', async () => {
  await using folder = await tokenFolder();
  await using gatewayserver = await startFakeGatewayserver();
  await using trino = await startScriptedTrino({ tokens: { first: 'ann' } });
  await using plain = await startScriptedTrino();
  await folder.put('first');
  gatewayserver.setBackends([
    { id: 'file', url: trino.url, probe: { tokenFile: folder.file } },
    { id: 'outside', url: trino.url, probe: { tokenFile: '/etc/hostname' } },
    { id: 'plain', url: plain.url },
  ]);
  await using _ = await startTestMonitor(gatewayserver, { interval: '50ms', token_folder: folder.path });
  await until('two to be healthy', () => ['file', 'plain'].every((id) => gatewayserver.last(id)?.healthy));
  await until('the third to be probed', () => gatewayserver.last('outside'));
  expect(gatewayserver.last('outside')).toMatchObject({
    healthy: false,
    reason: 'probe.token_file: /etc/hostname is not below monitor.token_folder',
  });
  await rm(folder.file);
  await until('it to be unhealthy', () => gatewayserver.last('file')?.healthy === false);
  expect(gatewayserver.last('file')?.reason).toBe(`probe.token_file: ${folder.file} cannot be read (ENOENT)`);
  await folder.put('half a token');
  await until('the reason to change', () => gatewayserver.last('file')?.reason.includes('has no token on its first'));
  await folder.put('first');
  await until('it to be healthy again', () => gatewayserver.last('file')?.healthy);
  expect(JSON.stringify(gatewayserver.statuses.map(({ reason }) => reason))).not.toContain('half');
  expect(gatewayserver.statuses.filter(({ backendId, healthy }) => backendId === 'plain' && !healthy)).toEqual([]);
});
