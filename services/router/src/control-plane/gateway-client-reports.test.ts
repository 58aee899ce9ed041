import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { fakeGatewayserver, snapshotOf } from '../../tests/support/fake-gatewayserver.ts';
import { FAST, inMemory, startGatewayClient } from '../../tests/support/start-gateway-client.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-gateway-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('what the router reports', () => {
  const incarnation = { suffix: 'aaaaa', backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO };

  test('a new incarnation is reported until it is stored, but delays a client by no more than the limit', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    fake.token = 'x';
    await using router = startGatewayClient(folder, inMemory(fake));
    await router.gateway.recordIncarnation(incarnation);
    expect(fake.incarnations).toEqual([]);
    fake.token = undefined;
    await until('the incarnation is recorded', () => fake.incarnations.length === 1);
    expect(fake.incarnations[0]).toMatchObject({ suffix: 'aaaaa', backendId: 'a', url: 'http://a:1' });
  });

  test('a transaction is reported until it is stored, found there by any router, and then ended', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    const coordinator = { backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO };
    const never = new AbortController().signal;
    await using router = startGatewayClient(folder, inMemory(fake));
    fake.token = 'x';
    await router.gateway.recordTransaction('t', coordinator, 'abcde');
    expect([...fake.transactions.keys()]).toEqual([]);
    fake.token = undefined;
    await until('the transaction is stored', () => fake.transactions.has('t'));
    expect(await router.gateway.findTransaction('t', never)).toEqual(coordinator);
    router.gateway.endTransaction('t');
    await until('the transaction is forgotten', () => fake.transactions.size === 0);
    expect(await router.gateway.findTransaction('t', never)).toBeUndefined();
  });

  test('a gatewayserver that hangs does not delay the first query of a new incarnation', async () => {
    const fake = fakeGatewayserver();
    const hung = Promise.withResolvers<never>();
    const transport = inMemory(fake);
    const hanging: Transport = {
      ...transport,
      unary: (method, ...rest) =>
        method.name === 'RecordIncarnation' ? hung.promise : transport.unary(method, ...rest),
    };
    await using router = startGatewayClient(folder, hanging, { timings: { ...FAST, recordLimitMs: 50 } });
    await router.gateway.recordIncarnation(incarnation);
    hung.reject(new ConnectError('stopped', Code.Unavailable));
    expect(fake.incarnations).toEqual([]);
  });

  test('live queries are reported while there are any, and once more when there are none', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startGatewayClient(folder, inMemory(fake));
    await until('the client is ready', () => router.gateway.notReady() === undefined);
    // That the router is there.
    await until('the first report', () => fake.reports.length === 1);
    expect(fake.reports.shift()).toMatchObject({ routerId: 'r1', counts: [], number: 1n });
    router.live.set('a', 2);
    await until('it was reported', () => fake.reports.length >= 2);
    expect(fake.reports[0]).toMatchObject({ routerId: 'r1', counts: [{ backendId: 'a', live: 2 }] });
    router.live.clear();
    await until('it was reported', () => fake.reports.at(-1)?.counts.length === 0);
    const { length } = fake.reports;
    router.gateway.settle('s1');
    router.ownership.learn('20261121_080808_00130_aaaaa', {
      backendId: 'a',
      url: 'http://a:1',
      forwardedHeaders: Setting.AUTO,
    });
    router.ownership.owners('20261121_080808_00130_aaaaa');
    await until('it was reported', () => fake.reports.length > length);
    const later = fake.reports.slice(length);
    expect(later.flatMap(({ settledSubmissionIds }) => settledSubmissionIds)).toEqual(['s1']);
    await until('it was reported', () => fake.reports.some(({ usedSuffixes }) => usedSuffixes.includes('aaaaa')));
  });

  test('settled submissions are reported again when the report failed', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    fake.token = 'x';
    await using router = startGatewayClient(folder, inMemory(fake));
    router.gateway.settle('s1');
    await until('it was logged', () => router.log.length > 0);
    router.gateway.settle('s2');
    fake.token = undefined;
    await until(
      'it was reported',
      () => fake.reports.flatMap(({ settledSubmissionIds }) => settledSubmissionIds).length === 2,
    );
    expect(fake.reports.flatMap(({ settledSubmissionIds }) => settledSubmissionIds)).toEqual(['s1', 's2']);
  });

  test('while somebody asks about a drain each report tells of it; the last one, that the router stops', async () => {
    const fake = fakeGatewayserver();
    fake.publish({
      ...snapshotOf('1', ['http://a:1']),
      drains: [{ backendId: 'a', coordinatorId: 'abcde', revision: 3n }],
      drainsRevision: 4n,
    });
    {
      await using router = startGatewayClient(folder, inMemory(fake), {
        queriesOf: () => ({
          live: 1,
          queries: [{ id: '1_abcde', silentMs: 5, polled: true, direct: false }],
          endedQueryIds: ['2_abcde'],
        }),
      });
      router.gateway.drains.attempting('s1', 'a');
      await until('two reports tell of it', () => fake.reports.filter(({ drains }) => drains.length > 0).length >= 2);
    }
    const [report] = fake.reports.filter(({ drains }) => drains.length > 0);
    expect(report).toMatchObject({
      drainsRevision: 4n,
      drains: [{ backendId: 'a', coordinatorId: 'abcde', underWay: 1, live: 1, endedQueryIds: ['2_abcde'] }],
    });
    expect(fake.reports.map(({ number }) => number)).toEqual(fake.reports.map((_, at) => BigInt(at + 1)));
    expect(fake.reports.map(({ leaving }) => leaving)).toEqual(
      fake.reports.map((_, at) => at === fake.reports.length - 1),
    );
  });
});
