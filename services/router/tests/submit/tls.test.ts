import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type http from 'node:http';
import https, { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { ClusterAgent } from '../../src/http/upstream/tls-agents.ts';
import { ask, run } from '../support/client.ts';
import { startTestbed } from '../support/testbed.ts';

// Two clusters, each with a certificate of an authority of its own, which nobody else trusts.
const [oneAuthority, otherAuthority] = [createCertificateAuthority('one'), createCertificateAuthority('other')];
let folder: string;
let one: ScriptedTrino;
let other: ScriptedTrino;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-tls-'));
  await writeFile(join(folder, 'one.pem'), oneAuthority.cert);
  await writeFile(join(folder, 'other.pem'), otherAuthority.cert);
  one = await startScriptedTrino({ tls: oneAuthority.issue(['127.0.0.1']) });
  other = await startScriptedTrino({ tls: otherAuthority.issue(['trino.internal']) });
});
afterAll(async () => {
  await one?.stop();
  await other?.stop();
  await rm(folder, { recursive: true });
});

const tls = (caFile: string, serverName = '') => ({
  caFile: join(folder, caFile),
  certFile: '',
  keyFile: '',
  serverName,
});
const sent = ({ requests }: ScriptedTrino) => requests.length;

test('each cluster is reached by its own authority, and by the name its certificate is for', async () => {
  for (const [cluster, settings] of [
    [one, tls('one.pem')],
    [other, tls('other.pem', 'trino.internal')],
  ] as const) {
    await using router = await startTestbed({ clusters: { cluster: { url: cluster.url, tls: settings } } });
    expect((await run(router.url, 'SELECT 1')).last.stats.state).toBe('FINISHED');
  }
});

test.each([
  ['the system only', undefined],
  ['the authority of another cluster', () => tls('other.pem')],
  ['its authority, but expects another name', () => tls('one.pem', 'trino.internal')],
  ['a file that is missing', () => tls('missing.pem')],
])('a cluster gets nothing of a router that trusts %s; the statement goes elsewhere', async (_, settings) => {
  await using plain = await startScriptedTrino();
  const wrong = settings === undefined ? { url: one.url } : { url: one.url, tls: settings() };
  await using router = await startTestbed({ clusters: { wrong, plain } });
  const before = sent(one);
  expect((await run(router.url, 'SELECT 1')).last.stats.state).toBe('FINISHED');
  expect([sent(one), plain.counts.submitted]).toEqual([before, 1]);
});

test('two backends with one address and different authorities share no connection: the wrong one gets nothing', async () => {
  await using router = await startTestbed({
    clusters: { right: { url: one.url, tls: tls('one.pem') }, wrong: { url: one.url, tls: tls('other.pem') } },
  });
  expect((await run(router.url, 'SELECT 1')).last.stats.state).toBe('FINISHED');
  const [submitted, refused] = [one.counts.submitted, sent(one)];
  // The right one is tried first, and does not take it.
  one.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
  expect((await run(router.url, 'SELECT 2')).last.error).toBeDefined();
  expect([one.counts.submitted - submitted, sent(one) - refused]).toEqual([0, 1]);
});

test('a certificate is verified for the name of the cluster, whatever Host a client sends, for the web UI, too', async () => {
  await using named = await startScriptedTrino({ tls: oneAuthority.issue(['127.0.0.1']), processForwarded: false });
  await using router = await startTestbed({
    clusters: { named: { url: named.url, tls: tls('one.pem') } },
    forwardedHeaders: 3, // OMIT: clusters get the client's Host
  });
  for (const path of ['/ui/', '/v1/info']) {
    const { status } = await ask(router.url + path, { headers: ['Host', 'evil.example'] });
    expect([path, status < 500]).toEqual([path, true]);
  }
  const headers = ['Host', 'evil.example', 'X-Trino-User', 'me'];
  const posted = await ask(`${router.url}/v1/statement`, { method: 'POST', body: 'SELECT 1', headers });
  expect([posted.status, posted.text]).toEqual([200, expect.stringContaining('nextUri')]);
});

test('polls of a query go on when its backend is deleted: its coordinator keeps the settings it had', async () => {
  await using router = await startTestbed({ clusters: { one: { url: one.url, tls: tls('one.pem') } } });
  const { last } = await run(router.url, 'SELECT 1');
  router.ownership.replace([], router.ownership.ownIncarnations());
  expect(router.ownership.owners(last.id)).toEqual([expect.objectContaining({ tls: tls('one.pem') })]);
  expect((await ask(`${router.url}/v1/query/${last.id}`, { headers: ['X-Trino-User', 'me'] })).status).toBe(200);
});

test('an authority that was replaced is in force within seconds, without a restart', async () => {
  const next = createCertificateAuthority('the next');
  await writeFile(join(folder, 'changing.pem'), otherAuthority.cert);
  await using renewed = await startScriptedTrino({ tls: next.issue(['127.0.0.1']) });
  await using router = await startTestbed({ clusters: { renewed: { url: renewed.url, tls: tls('changing.pem') } } });
  const ends = async () => (await run(router.url, 'SELECT 1')).last.stats.state;
  expect(await ends()).toBe('FAILED');
  await writeFile(join(folder, 'changing.pem'), next.cert);
  await until('the new authority to be trusted', async () => (await ends()) === 'FINISHED');
});

test('a certificate that changes under way ends no query that has its connection, and new connections verify it', async () => {
  const first = oneAuthority.issue(['127.0.0.1']);
  const server = createServer(first, (_, response) => response.end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = createSecureContext({ ca: oneAuthority.cert });
  const agents = [new ClusterAgent({ secureContext: context }), new ClusterAgent({ secureContext: context })] as const;
  const get = async (agent: ClusterAgent) => {
    const [answer] = (await once(https.get(url, { agent }), 'response')) as [http.IncomingMessage];
    for await (const _ of answer);
    return answer.statusCode;
  };
  expect(await get(agents[0])).toBe(200);
  server.setSecureContext(otherAuthority.issue(['127.0.0.1']));
  expect(await get(agents[0])).toBe(200);
  await expect(get(agents[1])).rejects.toThrow(/certificate/);
  server.setSecureContext(oneAuthority.issue(['127.0.0.1']));
  expect(await get(agents[1])).toBe(200);
  for (const agent of agents) agent.destroy();
  server.close();
});
