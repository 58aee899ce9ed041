import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding, Query_State, Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { type FaultAction, headerValue, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { ask, type Page, pageOf, post, run, user } from '../support/client.ts';
import { answerJson, deadUrl, firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const direct = { forwarding: Backend_Forwarding.DIRECT };
const outside = 'https://trino.example:8443';
const none = [...user, 'X-Trino-Transaction-Id', 'NONE'];
const links = ({ nextUri, infoUri, partialCancelUri }: Page) =>
  [nextUri, infoUri, partialCancelUri].filter((link) => link !== undefined).map((link) => new URL(link).origin);

const clusters: [string, boolean, Setting][] = [
  ['that trusts X-Forwarded-*', true, Setting.SEND],
  ['that trusts them, where nothing is configured', true, Setting.AUTO],
  ['that answers 406 to them', false, Setting.AUTO],
  ['that is to get none', false, Setting.OMIT],
];

describe.each(clusters)(
  'of a DIRECT cluster %s only the submission passes the router',
  (_, processForwarded, setting) => {
    const start = async () => await startScriptedTrino({ processForwarded });

    test('its links name the address the router uses', async () => {
      await using trino = await start();
      await using router = await startTestbed({ clusters: { trino }, backend: direct, forwardedHeaders: setting });
      for (const statement of ['SELECT 1', 'SELECT * FROM tpch.tiny.orders']) {
        const { pages, last } = await run(router.url, statement);
        for (const page of pages) expect(new Set(links(page))).toEqual(new Set([trino.url]));
        expect(last.error).toBeUndefined();
      }
      expect(
        router.directQueries.map(({ text, backendId, groupId, state }) => [text, backendId, groupId, state]),
      ).toEqual([
        ['SELECT 1', 'trino', 'g', Query_State.QUEUED],
        ['SELECT * FROM tpch.tiny.orders', 'trino', 'g', Query_State.QUEUED],
      ]);
      expect([...router.started, ...router.running, ...router.ended]).toEqual([]);
      expect(router.settled).toHaveLength(2);
    });

    test.each([outside, 'http://trino.example'])('or its external address %s', async (externalUrl) => {
      await using trino = await start();
      const backend = { ...direct, externalUrl };
      await using router = await startTestbed({ clusters: { trino }, backend, forwardedHeaders: setting });
      for (let times = 0; times < 2; times += 1) {
        const page = pageOf(await post(router.url, 'SELECT 1'));
        expect(links(page)).toEqual([externalUrl, externalUrl]);
        // Whatever they name, they are good.
        expect((await ask(trino.url + new URL(page.nextUri ?? '').pathname)).status).toBe(200);
      }
    });

    test('what still passes the router for it is unchanged', async () => {
      await using trino = await start();
      const backend = { ...direct, externalUrl: outside };
      await using router = await startTestbed({ clusters: { trino }, backend, forwardedHeaders: setting });
      const { id, nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
      const polled = pageOf(await ask(router.url + new URL(nextUri).pathname));
      expect(new Set(links(polled))).toEqual(new Set([router.url]));
      expect((await ask(`${router.url}/v1/query/${id}`, { headers: user })).status).toBe(200);
    });
  },
);

describe('of a DIRECT cluster these pass the router to their end', () => {
  const startedIn = async (url: string, statement: string, headers: readonly string[]) => {
    const { replies, pages } = await run(url, statement, headers);
    for (const page of pages) expect(new Set(links(page))).toEqual(new Set([url]));
    return replies
      .map((reply) => reply.headers['x-trino-started-transaction-id'])
      .find((id) => id !== undefined) as string;
  };
  const starts: [string, string, string[]][] = [
    ['plainly', 'START TRANSACTION', none],
    [
      'by a prepared statement',
      'EXECUTE s',
      [...none, 'X-Trino-Prepared-Statement', `s=${encodeURIComponent('START TRANSACTION')}`],
    ],
  ];
  test.each(starts)('a transaction started %s, with all its statements', async (_, statement, headers) => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, backend: { ...direct, externalUrl: outside } });
    const id = await startedIn(router.url, statement, headers);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const inside = [...user, 'X-Trino-Transaction-Id', id];
    for (const next of ['SELECT 1', 'COMMIT']) await startedIn(router.url, next, inside);
    expect(router.directQueries).toEqual([]);
    expect(router.ended).toHaveLength(3);
  });

  test('statements of X-Presto clients: only the router translates the headers of the later pages', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, backend: { ...direct, externalUrl: outside } });
    const headers = ['X-Presto-User', 'alice'];
    const { replies, pages } = await run(router.url, 'SET SESSION a.b = 1', headers);
    for (const page of pages) expect(new Set(links(page))).toEqual(new Set([router.url]));
    expect(replies.at(-1)?.headers['x-presto-set-session']).toBe('a.b=1');
  });

  test('kill_query', async () => {
    await using trino = await startScriptedTrino();
    trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    await using router = await startTestbed({ clusters: { trino }, backend: direct });
    const { id, nextUri = '' } = pageOf(await post(router.url, 'SLEEP'));
    await ask(nextUri);
    await startedIn(router.url, `CALL system.runtime.kill_query('${id}', 'x')`, user);
    expect(trino.queries[0]?.error?.name).toBe('ADMINISTRATIVELY_KILLED');
  });
});

describe('a statement that a DIRECT cluster does not accept goes to another, as with any cluster', () => {
  const faults: [string, FaultAction][] = [
    ['resets the connection', { kind: 'reset' }],
    ['answers 503', { kind: 'status', status: 503 }],
    ['breaks off in its answer', { kind: 'broken-page', bytes: 100 }],
  ];
  test.each(faults)('one that %s', async (_, action) => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    first.fault({ on: 'submit', action });
    await using router = await startTestbed({ clusters: { first, second }, backend: direct });
    const { rows, pages } = await run(router.url, 'SELECT 1');
    expect(rows).toEqual([[1]]);
    expect(links(pages[0] as Page)).toEqual([second.url, second.url]);
    expect(first.queries).toEqual([]);
  });

  test('when none accepts it, the link of the refusal leads to the router: no cluster would know it', async () => {
    await using router = await startTestbed({ clusters: { dead: { url: await deadUrl() } }, backend: direct });
    const { pages, last } = await run(router.url, 'SELECT 1');
    for (const page of pages) expect(new Set(links(page))).toEqual(new Set([router.url]));
    expect(last.error?.errorName).toBe('NO_NODES_AVAILABLE');
  });
});

test('a cluster that ignores forwarded headers has the links of its first page replaced', async () => {
  await using stub = await startStub((request, response) => {
    const headers = { host: new URL(stub.url).host };
    answerJson(response, firstPage({ ...request, headers } as IncomingMessage));
  });
  const backend = { ...direct, externalUrl: outside };
  await using router = await startTestbed({ clusters: { stub }, backend });
  expect(links(pageOf(await post(router.url, 'SELECT 1')))).toEqual([outside, outside]);
});

test('the cluster still gets the address of the client', async () => {
  await using trino: ScriptedTrino = await startScriptedTrino();
  const backend = { ...direct, externalUrl: outside };
  await using router = await startTestbed({ clusters: { trino }, backend });
  await post(router.url, 'SELECT 1');
  const { rawHeaders = [] } = trino.requests[0] ?? {};
  const received = ['proto', 'host', 'port', 'for'].map((name) => headerValue(rawHeaders, `x-forwarded-${name}`));
  expect(received).toEqual(['https', 'trino.example:8443', '8443', '127.0.0.1']);
});
