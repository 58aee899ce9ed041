import { expect, test } from '@jest/globals';
import {
  linkParts,
  next,
  pageOf,
  run,
  send,
  session,
  submit,
  type WireAnswer,
} from '@trino-gateway/testing/protocol/wire';
import { seenByTrino } from '../../real/real-clusters.ts';
import { outcome } from '../support/as-directly.ts';
import { clusterKinds, type Stage } from '../support/stage.ts';

const PAGES = 'SELECT * FROM tpch.tiny.orders';
const hasRows = ({ data }: { data?: unknown }) => data !== undefined;

/** Links, what may be asked of them, and in which ways. */
export function describePolling(stage: () => Stage): void {
  describeMethods(stage);
  const direct = (kind: (typeof clusterKinds)[number]) => stage().clusters[kind].url;

  test('case 35: every link of every page begins with the address that the client used', async () => {
    for (const kind of clusterKinds)
      for (const host of ['gateway.example', 'gateway.example:8443', '[2001:db8::1]:8080']) {
        const at = new URL(stage().through(kind));
        const asked = { ...session, Host: host };
        let page = pageOf(
          await send('POST', `${at.origin}/v1/statement`, asked, 'SELECT count(*) FROM tpch.tiny.orders'),
        );
        for (;;) {
          const { nextUri, partialCancelUri, infoUri } = page;
          for (const link of [nextUri, partialCancelUri, infoUri])
            if (link !== undefined) expect(new URL(link).origin).toBe(`http://${host}`);
          if (nextUri === undefined) break;
          page = pageOf(await send('GET', at.origin + new URL(nextUri).pathname, { Host: host }));
        }
        expect(page.error).toBeUndefined();
      }
  });

  test('case 37: a page asked for again, also by two at a time, is the same page, and the query goes on', async () => {
    for (const kind of clusterKinds) {
      const seen = await run(stage().through(kind), PAGES, session, hasRows);
      const link = seen.links.at(-1) ?? '';
      const body = seen.answers.at(-1)?.text;
      expect((await send('GET', link)).text).toBe(body);
      const together = await Promise.all([1, 2, 3].map(() => send('GET', link)));
      expect(together.map(({ text }) => text === body)).toEqual([true, true, true]);
      let { last } = seen;
      let rows = seen.rows.length;
      while (last.nextUri !== undefined) {
        last = pageOf(await send('GET', last.nextUri));
        rows += last.data?.length ?? 0;
      }
      expect([rows, last.error]).toEqual([15_000, undefined]);
    }
  });

  test('case 38: links that are over, of the future, of another secret or query are answered as by the cluster', async () => {
    for (const kind of clusterKinds) {
      const other = await run(stage().through(kind), 'SELECT 38', session, () => true);
      const seen = await run(stage().through(kind), PAGES, session, (page) => tokenOf(page) >= 2);
      const link = next(seen.last);
      const { slug, token } = linkParts(link);
      const executing = seen.links.filter((one) => one.includes('/executing/'));
      expect(executing.length).toBeGreaterThan(1);
      const foreign = linkParts(next(other.last)).slug;
      const asked: [link: string, status: number][] = [
        [executing.at(-2) ?? '', 410],
        [link.replace(/\d+$/, String(token + 5)), 404],
        [link.replace(slug, `${slug.slice(0, -1)}${slug.endsWith('0') ? '1' : '0'}`), 404],
        [link.replace(slug, foreign), 404],
      ];
      for (const [one, status] of asked) {
        const [routed, directly] = [await send('GET', one), await send('GET', direct(kind) + new URL(one).pathname)];
        expect([one, routed.status, routed.text]).toEqual([one, status, directly.text]);
        expect(directly.status).toBe(status);
      }
      expect(pageOf(await send('GET', link)).error).toBeUndefined();
      expect((await send('DELETE', link)).status).toBe(204);
    }
  });

  test('case 39: polls that name how long they wait and how much they take get their page', async () => {
    for (const kind of clusterKinds) {
      let page = await submit(stage().through(kind), 'SELECT 39');
      const rows: unknown[] = [];
      while (page.nextUri !== undefined) {
        page = pageOf(await send('GET', `${page.nextUri}?maxWait=10s&targetResultSize=5MB`));
        rows.push(...(page.data ?? []));
      }
      expect([rows, page.error]).toEqual([[[39]], undefined]);
    }
  });

  test('case 36: the first statement of a cluster that answers 406 to X-Forwarded-* succeeds, and runs once', async () => {
    // Another router that has seen nothing of it yet.
    await stage().suite.router.kill();
    await stage().suite.router.start();
    const mark = `SELECT 36 -- ${process.hrtime.bigint()}`;
    expect((await outcome(stage().through('rejecting'), mark)).rows).toEqual([[36]]);
    expect(await seenByTrino(stage().clusters.rejecting, mark)).toHaveLength(1);
  });
}

function describeMethods(stage: () => Stage): void {
  test('case 41: credentials can be tried by HEAD, and the version asked for, as at a cluster', async () => {
    for (const kind of clusterKinds) {
      for (const headers of [session, {}] as const) {
        const [routed, directly] = await both(kind, 'HEAD', '/v1/statement', headers);
        expect(routed).toEqual(directly);
        expect(directly.status).toBe('X-Trino-User' in headers ? 200 : 401);
      }
      const uptime = /"uptime":"[^"]*"/;
      const [routed, directly] = await both(kind, 'GET', '/v1/info', {});
      expect(routed.text.replace(uptime, '')).toBe(directly.text.replace(uptime, ''));
      expect([routed.status, routed.type]).toEqual([200, directly.type]);
    }
  });

  test.each([
    ['GET', '/v1/statement'],
    ['PATCH', '/v1/statement'],
    ['OPTIONS', '/v1/statement'],
    ['TRACE', '/v1/statement'],
    ['POST', '/v1/info'],
    ['PUT', '/v1/info'],
  ])('case 42: %s %s is answered as by a cluster', async (method, path) => {
    for (const kind of clusterKinds) {
      const [routed, directly] = await both(kind, method, path, session);
      expect(routed.status).toBe(directly.status);
      expect(directly.status).toBe(method === 'OPTIONS' ? 200 : 405);
      expect(methods(routed)).toEqual(expect.arrayContaining(methods(directly)));
    }
  });

  /** The same request to the router and to the cluster. */
  async function both(
    kind: (typeof clusterKinds)[number],
    method: string,
    path: string,
    headers: Record<string, string>,
  ) {
    const ask = async (url: string) => comparable(await send(method, url + path, headers));
    return [await ask(stage().through(kind)), await ask(stage().clusters[kind].url)] as const;
  }
}

const tokenOf = ({ nextUri }: { nextUri?: string }) =>
  nextUri?.includes('/executing/') ? linkParts(nextUri).token : -1;

/** What a client decides by. */
function comparable({ status, text, headers }: WireAnswer) {
  return { status, text, type: headers['content-type'], allow: headers.allow, challenge: headers['www-authenticate'] };
}

const methods = ({ allow }: ReturnType<typeof comparable>) => String(allow).split(',');
