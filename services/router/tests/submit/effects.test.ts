import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Backend_Forwarding, RoutingNeedsSchema } from '@trino-gateway/api/gateway';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { pageOf, post, run, user } from '../support/client.ts';
import { pollUntilHandedOver, rest, startQueueBed } from '../support/queue-bed.ts';
import { startTestbed } from '../support/testbed.ts';

const effects = {
  requestSource: 'etl',
  addClientTags: ['nightly'],
  sessionProperties: { query_priority: '2', 'hive.x': 'a,b=c' },
  setHeaders: { 'X-Team': 'data', 'X-Trino-User': 'root', 'X-Presto-Client-Info': 'info' },
};
const client = ['X-Trino-Client-Tags', 'mine', 'X-Trino-Session', 'query_priority=1,other=3', 'X-Team', 'old'];
const expected = {
  'x-trino-user': ['alice'],
  'x-trino-source': ['etl'],
  'x-trino-client-tags': ['mine,nightly'],
  'x-trino-session': ['query_priority=1,other=3', 'query_priority=2,hive.x=a%2Cb%3Dc'],
  'x-team': ['data'],
  'x-trino-client-info': ['info'],
};

/** The headers of the last statement that a cluster got, each with all its values. */
function sentTo(trino: ScriptedTrino): Record<string, string[]> {
  const { rawHeaders = [] } = trino.requests.findLast(({ method }) => method === 'POST') ?? {};
  const found: Record<string, string[]> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    found[name] = [...(found[name] ?? []), rawHeaders[at + 1] ?? ''];
  }
  return found;
}

test.each([
  ['X-Trino', client],
  ['X-Presto', client.map((text) => text.replace('X-Trino', 'X-Presto'))],
])('what a decision adds to a query reaches its cluster, from %s clients', async (family, headers) => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino }, effects });
  await run(router.url, 'SELECT 1', [`${family}-User`, 'alice', ...headers]);
  expect(sentTo(trino)).toMatchObject(expected);
  expect(Object.keys(sentTo(trino)).filter((name) => name.startsWith('x-presto'))).toEqual([]);
  expect(router.started[0]).toMatchObject({ source: 'etl', clientTags: ['mine', 'nightly'] });
});

test('so it does at a second cluster when the first fails, and at one whose pages do not pass the router', async () => {
  await using broken = await startScriptedTrino();
  await using trino = await startScriptedTrino();
  broken.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
  const backend = { forwarding: Backend_Forwarding.DIRECT };
  await using router = await startTestbed({ clusters: { broken, trino }, backend, effects });
  await run(router.url, 'SELECT 1', [...user, ...client]);
  expect(sentTo(broken)).toMatchObject(expected);
  expect(sentTo(trino)).toMatchObject(expected);
});

test('so it does after a wait in the queue', async () => {
  await using bed = await startQueueBed({ router: { effects } });
  const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', [...user, ...client]));
  bed.free();
  expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
  expect(sentTo(bed.trino)).toMatchObject(expected);
});

test('a header by which clients ask for a group is told to the gatewayserver, and to no cluster', async () => {
  await using trino = await startScriptedTrino();
  const routingNeeds = create(RoutingNeedsSchema, { groupHeaders: ['route-to', 'x-auth-group'] });
  await using router = await startTestbed({ clusters: { trino }, routingNeeds });
  const headers = [...user, 'Route-To', 'etl', 'X-Auth-Group', 'adhoc', 'route-TO', 'more', 'X-Else', 'stays'];
  const { pages } = await run(router.url, 'SELECT * FROM tpch.tiny.orders', headers);
  expect(pages.length).toBeGreaterThan(1);
  const told = router.routes[0]?.headers?.map(({ name, value }) => `${name}: ${value}`) ?? [];
  expect(told).toEqual(expect.arrayContaining(['Route-To: etl', 'route-TO: more', 'X-Auth-Group: adhoc']));
  const sent = trino.requests.flatMap(({ rawHeaders }) => rawHeaders.filter((_, at) => at % 2 === 0));
  expect(sent.filter((name) => /route-to|auth-group/i.test(name))).toEqual([]);
  expect(sent).toContain('X-Else');
});
