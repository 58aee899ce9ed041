import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ObjectStore, startObjectStore } from '@trino-gateway/testing/object-store/object-store';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { type ClientName, clientNames, clients, type Encoding } from '../client-matrix/clients.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { spooledResult } from '../support/spooled-result.ts';

// Two real clusters with a storage: one trusts X-Forwarded-* and streams segments itself, the other answers 406 to them and redirects
// clients to the storage. Neither can read the ids of the other. Two routers, whose first listener leads to the one and whose second to
// the other. No rows are in the pages, so that every result is spooled.
let store: ObjectStore;
let streaming: Coordinator;
let redirecting: Coordinator;
let suite: Suite;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const properties = {
  'protocol.spooling.inlining.enabled': 'false',
  'protocol.spooling.initial-segment-size': '256kB',
  'protocol.spooling.max-segment-size': '512kB',
};
const names = ['streaming', 'redirecting'] as const;

beforeAll(async () => {
  store = await startObjectStore(say);
  const spooling = { endpoint: store.url };
  streaming = await startCoordinator({
    ...{ name: 'streaming', say, properties },
    spooling: { ...spooling, location: 's3://spool/a/', retrievalMode: 'COORDINATOR_PROXY' },
  });
  redirecting = await startCoordinator({
    ...{ name: 'redirecting', say, properties, processForwarded: false },
    spooling: { ...spooling, location: 's3://spool/b/', retrievalMode: 'COORDINATOR_STORAGE_REDIRECT' },
  });
  suite = await startSuite({ listeners: 2, routers: 2 });
  await suite.addBackends({ streaming: streaming.url, redirecting: redirecting.url });
  for (const [index, name] of names.entries()) {
    await suite.addGroup(name, [name]);
    for (const [which, router] of suite.routers.entries())
      await suite.call('PolicyService/PutPolicy', {
        policy: { id: `${name}-${which}`, listeningPort: router.ports[index], groupId: name },
      });
  }
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([streaming?.stop(), redirecting?.stop()]);
  await store?.[Symbol.asyncDispose]();
}, 60_000);

// All clients at once: each with the encoding where it reads it, and with none where it reads none.
const encodings = ['json', 'json+zstd', 'json+lz4'] as const;
const rounds = encodings.flatMap((encoding) => names.map((name) => [encoding, name] as const));

test.each(rounds)(
  'case 90: with %s every client gets what a direct run gives, from the %s cluster',
  async (encoding, name) => {
    const run = (client: ClientName) => {
      const read: readonly Encoding[] = clients[client].encodings;
      const reads = read.includes(encoding);
      if (!reads && (read.length > 0 || encoding !== 'json')) return [];
      const url = suite.router.urls[names.indexOf(name)] ?? '';
      const backends = [streaming.url, redirecting.url];
      const options = { user: `spools-${client}`, only: [client], storageUrl: store.url, backends };
      return Array.fromAsync(runClientMatrix({ url, ...options, ...(reads && { encoding }) }));
    };
    const results = (await Promise.all(clientNames.map(run))).flat();
    const counted = (outcome: string) => results.filter((one) => one.outcome === outcome);
    say(`${encoding}, ${name}: ${counted('passed').length} passed, ${counted('skipped').length} not in the client`);
    expect(counted('failed')).toEqual([]);
    expect(counted('passed').length).toBeGreaterThan(30);
  },
);

test('case 90: what clients have read they have acknowledged: nothing of it is left', async () => {
  const isEmpty = async () => {
    const left = await store.keys();
    if (left.length > 0) throw new Error(`${left.length} are left, such as ${left.slice(0, 3).join(', ')}`);
    return true;
  };
  await until('the storage to be empty', isEmpty, 60_000);
});

test.each(names)(
  'case 93: segments of the %s cluster come through the other router, and only to who has their link',
  async (name) => {
    const index = names.indexOf(name);
    const [first = '', second = ''] = suite.routers.map(({ urls }) => urls[index]);
    const { id, segments } = await spooledResult(first, 'SELECT * FROM tpch.tiny.orders');
    expect(segments.length).toBeGreaterThan(1);
    const own = name === 'streaming' ? streaming : redirecting;
    const rows: unknown[][] = [];
    for (const { uri, ackUri, headers } of segments) {
      expect(uri).toContain(`/v1/coordinator/${id.slice(-5)}.`);
      const at = (link: string) => second + new URL(link).pathname;
      const direct = at(uri)
        .replace(second, own.url)
        .replace(/\/v1\/coordinator\/[^/]+/, '');
      const [through, straight] = await Promise.all([fetch(at(uri), { headers }), fetch(direct, { headers })]);
      const bytes = Buffer.from(await through.arrayBuffer());
      expect([through.status, bytes.equals(Buffer.from(await straight.arrayBuffer()))]).toEqual([200, true]);
      rows.push(...JSON.parse(bytes.toString()));
      const refused = await fetch(at(uri), { redirect: 'manual' });
      expect(refused.status).toBe(500);
      expect((await fetch(at(ackUri), { headers })).status).toBe(200);
      const after = await fetch(at(uri), { headers });
      expect(after.ok).toBe(false);
    }
    expect(new Set(rows.map(([key]) => key)).size).toBe(15_000);
  },
);

test('case 90: a million rows are in the segments of a result, each once', async () => {
  const { segments } = await spooledResult(
    suite.router.urls[0] ?? '',
    'SELECT orderkey FROM tpch.sf1.orders LIMIT 1000000',
  );
  const keys = new Set<unknown>();
  let rows = 0;
  for (const { uri, ackUri, headers } of segments) {
    const read = (await (await fetch(uri, { headers })).json()) as unknown[][];
    rows += read.length;
    for (const [key] of read) keys.add(key);
    expect((await fetch(ackUri, { headers })).status).toBe(200);
  }
  say(`${rows} rows in ${segments.length} segments`);
  expect([rows, keys.size]).toEqual([1_000_000, 1_000_000]);
});

test('case 92: segments come long after their query has ended, when gatewayserver and routers have started anew', async () => {
  const results = await Promise.all(
    suite.routers.map(({ urls }, at) => spooledResult(urls[at] ?? '', 'SELECT * FROM tpch.tiny.orders')),
  );
  for (const process of [suite.gatewayserver, ...suite.routers]) {
    await process.kill();
    await process.start();
  }
  for (const { segments } of results)
    for (const { uri, ackUri, headers } of segments) {
      const answer = await fetch(uri, { headers });
      expect([answer.status, Array.isArray(await answer.json())]).toEqual([200, true]);
      expect((await fetch(ackUri, { headers })).status).toBe(200);
    }
});

test('case 93: a segment is not to be had by the link of another cluster, nor by one that nobody was given', async () => {
  const url = suite.router.urls[0] ?? '';
  const [one, other] = await Promise.all(
    names.map((_, at) => spooledResult(suite.router.urls[at] ?? '', 'SELECT * FROM tpch.tiny.orders')),
  );
  const link = one?.segments[0];
  const [, ownPath = '', path = ''] =
    /^(\/v1\/coordinator\/[^/]+)(\/.*)$/.exec(new URL(link?.uri ?? '').pathname) ?? [];
  const [, othersPath = ''] =
    /^(\/v1\/coordinator\/[^/]+)\//.exec(new URL(other?.segments[0]?.uri ?? '').pathname) ?? [];
  expect(othersPath).not.toBe(ownPath);
  const headers = link?.headers ?? {};
  const ask = async (target: string) => {
    const answer = await fetch(url + target, { headers, redirect: 'manual' });
    return [answer.status, (await answer.text()).startsWith('[[')];
  };
  const id = path.split('/').at(-1) ?? '';
  const forged = [othersPath + path, `${ownPath}x${path}`, `/v1/coordinator/aaaaa.bbbbb${path}`];
  forged.push(`${ownPath}/v1/spooled/download/${Buffer.from('forged').toString('base64url')}`);
  forged.push(ownPath + path.replace(id, [...id].reverse().join('')));
  const answers = await Promise.all(forged.map(ask));
  say(`links that are not good: ${JSON.stringify(answers)}`);
  for (const [status, hasRows] of answers) expect([Number(status) >= 400, hasRows]).toEqual([true, false]);
  expect(await ask(ownPath + path)).toEqual([200, true]);
  for (const { ackUri, headers: own } of [...(one?.segments ?? []), ...(other?.segments ?? [])])
    expect((await fetch(ackUri, { headers: own })).status).toBe(200);
});

test('after the coordinator has gone for good its links are answered 503, those of the other cluster go on', async () => {
  const url = suite.router.urls[0] ?? '';
  const { segments } = await spooledResult(url, 'SELECT * FROM tpch.tiny.orders');
  const other = await spooledResult(suite.router.urls[1] ?? '', 'SELECT * FROM tpch.tiny.orders');
  await streaming.kill();
  const [gone] = segments;
  const answer = await fetch(gone?.uri ?? '', { headers: gone?.headers ?? {} });
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain('The coordinator of this segment does not answer');
  for (const { ackUri, headers } of other.segments) expect((await fetch(ackUri, { headers })).status).toBe(200);
  await until(
    'the segments to be deleted',
    async () => (await store.keys()).every((key) => key.startsWith('a/')),
    60_000,
  );
});
