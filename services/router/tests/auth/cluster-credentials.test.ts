import { expect, test } from '@jest/globals';
import { headerValues, type ScriptedTrino, type startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, run } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { basic } from '../support/fake-auth-provider.ts';
import { startGuardedRouter } from '../support/guarded-router.ts';
import { deadUrl } from '../support/stub-cluster.ts';

// Which credentials reach a cluster. Clients send theirs with every request, also with those that nobody checks.

const alice = basic('alice');
const unknown = '20261121_080808_00130_93wed';

/** The requests that had an Authorization line, and all of them. */
function seenBy({ requests }: ScriptedTrino) {
  const named = requests.map(({ method, path, rawHeaders }) => ({
    request: `${method} ${path.replace(/\/[yx][0-9a-f]{10,}/, '/SLUG')}`,
    lines: headerValues(rawHeaders, 'authorization'),
  }));
  return { all: named.map(({ request }) => request), with: named.filter(({ lines }) => lines.length > 0) };
}

/** By every road to a cluster there is. */
async function byEveryRoad(url: string, trino: ScriptedTrino): Promise<void> {
  const headers = alice;
  await run(url, 'SELECT 1', alice);
  const { nextUri = '', id = '', partialCancelUri = '' } = pageOf(await post(url, 'SELECT endless', alice));
  await ask(nextUri, { headers });
  await ask(nextUri, { method: 'HEAD', headers });
  if (partialCancelUri) await ask(partialCancelUri, { method: 'DELETE', headers });
  await ask(nextUri.replace('/queued/', '/executing/partialCancel/'), { method: 'DELETE', headers });
  await ask(`${url}/v1/query/${id}`, { headers });
  await post(url, `CALL system.runtime.kill_query('${id}', 'enough')`, alice);
  await ask(nextUri, { method: 'DELETE', headers });
  await ask(nextUri.replace(/_[a-z0-9]{5}\//, '_zzzzz/'), { headers });
  const hangUp = new AbortController();
  const left = pageOf(await post(url, 'SELECT endless', alice));
  const poll = ask(left.nextUri ?? '', { headers, signal: hangUp.signal }).catch(() => undefined);
  setTimeout(() => hangUp.abort(), 20);
  await poll;
  await ask(`${url}/v1/statement`, { method: 'HEAD', headers });
  await ask(`${url}/v1/info`, { headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'] });
  await ask(`${url}/v1/query/${unknown}`, { headers });
  await ask(`${url}/v1/spooled/download/${unknown}`, { headers });
  await ask(`${url}/v1/spooled/ack/${unknown}`, { headers });
  await ask(`${url}/ui/`, { headers });
  await ask(`${url}/ui/api/query`, { method: 'POST', headers, body: 'x' });
  await ask(`${url}/oauth2/token/00000000-0000-4000-8000-000000000000`, { headers });
  await post(url, 'SELECT 1', [...alice, 'X-Trino-Transaction-Id', '00000000-0000-4000-8000-000000000000']);
  await until('the end was asked for', () => trino.requests.length > 15);
}

const endless: Parameters<typeof startScriptedTrino>[0] = {
  script: ({ statement }) => (statement === 'SELECT endless' ? { runMs: Number.POSITIVE_INFINITY } : undefined),
};

test('no cluster behind delegated authentication gets a password, by whatever road', async () => {
  await using bed = await startGuardedRouter({ trino: endless, config: { ui: 'PROXY' } });
  await byEveryRoad(bed.router.url, bed.trino);
  const seen = seenBy(bed.trino);
  expect(seen.with).toEqual([]);
  for (const road of ['POST /v1/statement', 'HEAD /v1/statement', 'GET /v1/info', 'GET /ui/', 'POST /ui/api/query'])
    expect(seen.all).toContain(road);
  expect(seen.all.filter((road) => road.startsWith('DELETE /v1/statement/')).length).toBeGreaterThan(0);
});

test('all of them get it where they check the same password again', async () => {
  await using bed = await startGuardedRouter({
    trino: endless,
    config: { ui: 'PROXY', auth_forward_credentials: true },
  });
  await byEveryRoad(bed.router.url, bed.trino);
  const seen = seenBy(bed.trino);
  expect(seen.with.map(({ request }) => request)).toEqual(seen.all);
});

test('a cluster that only some entry points guard gets the credentials of the clients of all others', async () => {
  const cluster = { url: '', backendIds: ['trino'], groupIds: ['g'], openPorts: [], openHosts: ['open.example'] };
  await using bed = await startGuardedRouter({
    authentication: () => ({ ports: [], hosts: [], clusters: [cluster] }),
  });
  const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', alice));
  await ask(nextUri, { headers: [...alice, 'Host', 'open.example'] });
  expect(seenBy(bed.trino).with).toHaveLength(1);
  await ask(nextUri, { headers: alice });
  expect(seenBy(bed.trino).with).toHaveLength(1);
});

test('a query that waited takes no password to its cluster, nor to the one that is tried after another', async () => {
  const admission = fakeAdmission({ gone: 0, trino: 0 });
  await using bed = await startGuardedRouter({ admission, holdMs: 20, more: { gone: { url: await deadUrl() } } });
  let page = pageOf(await post(bed.router.url, 'SELECT 1', alice));
  await ask(page.nextUri ?? '', { headers: alice });
  admission.slots.gone = 1;
  admission.slots.trino = 1;
  while (page.nextUri !== undefined) page = pageOf(await ask(page.nextUri, { headers: alice }));
  const seen = seenBy(bed.trino);
  expect(seen.with).toEqual([]);
  expect(seen.all).toContain('POST /v1/statement');
});
