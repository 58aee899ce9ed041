import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  ListQueriesRequest_Order,
  ListQueriesRequestSchema,
  Query_State,
  QuerySchema,
} from '@trino-gateway/api/gateway';
import { BadPageTokenError, type Store } from '../../../src/storage/index.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const START = 1_763_700_000_000;
const query = (init: MessageInitShape<typeof QuerySchema>) =>
  create(QuerySchema, { submittedAt: timestampFromMs(START), ...init });
const filter = (init: MessageInitShape<typeof ListQueriesRequestSchema> = {}) => create(ListQueriesRequestSchema, init);

async function idsOf(store: Store, init: MessageInitShape<typeof ListQueriesRequestSchema> = {}): Promise<string[]> {
  return (await store.queries.list(filter(init))).queries.map(({ id }) => id);
}

/** The ids of every page, page by page. */
async function pagesOf(store: Store, init: MessageInitShape<typeof ListQueriesRequestSchema>): Promise<string[][]> {
  const pages: string[][] = [];
  for (let pageToken = ''; ; ) {
    const page = await store.queries.list(filter({ ...init, pageToken }));
    pages.push(page.queries.map(({ id }) => id));
    if (page.nextPageToken === '') return pages;
    pageToken = page.nextPageToken;
  }
}

/** Storing, finding and listing queries. */
export function historyContract(fresh: NewDatabase): void {
  describe('history', () => {
    test(
      'no field of a query is lost or changed on the way',
      withStore(fresh, async ({ store }) => {
        const full = query({
          id: '20261121_080808_00130_93wed',
          trinoQueryId: '20261121_080808_00131_93wed',
          text: `SELECT 'a''b', "c", \`d\`, '\\', '%_', '🦆ü' -- ?1 :id $1\n\t`,
          user: 'Jürgen "O\'Neil" \\',
          source: 'trino-cli',
          clientTags: ['etl', 'a,b', '', '🦆'],
          clientIp: '2001:db8::1',
          groupId: 'Adhoc',
          backendId: 'a',
          decidedBy: 'policies',
          state: Query_State.FAILED,
          queuedMs: 2_147_483_647,
          startedAt: timestampFromMs(START + 1),
          endedAt: timestampFromMs(START + 86_400_123),
          rows: 9_007_199_254_740_991n,
          error: { name: 'SYNTAX_ERROR', code: -1, message: 'line 1:1: mismatched \u0000 input' },
          stepId: 'rules',
          ruleId: 'raw',
          observed: ['step a: würde', ''],
          request: {
            ...{ listeningPort: 8080, host: 'trino.example', catalog: 'hive', schema: 'raw "x"', clientInfo: '🦆\n' },
            ...{
              routingGroup: 'etl',
              sessionProperties: ['a', 'hive.b'],
              connectionProperties: 'team=data',
              cut: true,
            },
            ...{ source: '', clientTags: 'a,b' },
          },
        });
        await store.queries.record([full]);
        expect(await store.queries.get(full.id)).toEqual(full);
        expect(await store.queries.get(full.trinoQueryId)).toEqual(full);
        expect((await store.queries.list(filter())).queries).toEqual([full]);
      }),
    );

    test(
      'what routing looked at is kept through later reports, and never more than 2 KB of it',
      withStore(fresh, async ({ store }) => {
        const clientInfo = 'x'.repeat(3_000);
        await store.queries.record([
          query({ id: 'a', request: { listeningPort: 8080, catalog: 'hive' } }),
          query({ id: 'b', request: { listeningPort: 8080, clientInfo } }),
          query({ id: 'c' }),
        ]);
        await store.queries.record(['a', 'b', 'c'].map((id) => query({ id, state: Query_State.FINISHED })));
        const factsOf = async (id: string) => (await store.queries.get(id))?.request;
        expect(await factsOf('a')).toMatchObject({ listeningPort: 8080, catalog: 'hive', cut: false });
        expect(await factsOf('b')).toMatchObject({ listeningPort: 8080, clientInfo: '', cut: true });
        expect(await factsOf('c')).toBeUndefined();
      }),
    );

    test(
      'no rows and zero rows are different answers',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([query({ id: 'none' }), query({ id: 'zero', rows: 0n })]);
        expect((await store.queries.get('none'))?.rows).toBeUndefined();
        expect((await store.queries.get('zero'))?.rows).toBe(0n);
      }),
    );

    test(
      'an unknown id finds nothing, and an empty one not the queries without a Trino id',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([query({ id: 'refused' })]);
        expect(await store.queries.get('REFUSED')).toBeUndefined();
        expect(await store.queries.get('')).toBeUndefined();
      }),
    );

    test(
      'a huge text is cut between characters, not refused',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([
          query({ id: 'long', text: `${'x'.repeat(999_999)}🦆${'y'.repeat(1_000_000)}` }),
          query({ id: 'quotes', text: "'".repeat(1_500_000) }),
          query({ id: 'wide', text: '🦆'.repeat(600_000) }),
        ]);
        expect((await store.queries.get('long'))?.text).toBe('x'.repeat(999_999));
        expect((await store.queries.get('quotes'))?.text).toHaveLength(1_000_000);
        expect((await store.queries.get('wide'))?.text).toBe('🦆'.repeat(500_000));
      }),
    );

    test(
      'a text that a database would refuse does not fail its batch',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([
          query({ id: 'nul', text: 'a\u0000b', user: 'c\u0000', clientTags: ['d\u0000'] }),
          query({ id: 'half', text: 'a\ud83eb' }),
          query({ id: 'overlong', user: 'u'.repeat(5_000), source: 's'.repeat(5_000), clientIp: 'i'.repeat(5_000) }),
          query({ id: 'good', text: 'good' }),
        ]);
        expect(await store.queries.get('nul')).toMatchObject({
          text: 'a\ufffdb',
          user: 'c\ufffd',
          clientTags: ['d\u0000'],
        });
        expect((await store.queries.get('half'))?.text).toBe('a\ufffdb');
        expect((await store.queries.get('overlong'))?.user).toBe('u'.repeat(256));
        expect(await idsOf(store, { user: 'u'.repeat(5_000) })).toEqual(['overlong']);
        expect((await store.queries.get('good'))?.text).toBe('good');
      }),
    );

    test(
      'a thousand reports are one batch, and repeated ids in it are no conflict',
      withStore(fresh, async ({ store }) => {
        const reports = Array.from({ length: 1_000 }, (_, index) =>
          query({ id: `q${index % 400}`, user: 'u', queuedMs: index }),
        );
        await store.queries.record(reports);
        const pages = await pagesOf(store, { pageSize: 1_000 });
        expect(pages.map((page) => page.length)).toEqual([400]);
        expect((await store.queries.get('q7'))?.queuedMs).toBe(807);
        await store.queries.record([]);
      }),
    );

    test(
      'each filter holds alone and together with others',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([
          query({
            id: '1',
            user: 'ann',
            backendId: 'a',
            groupId: 'g',
            source: 'cli',
            state: Query_State.RUNNING,
            text: 'SELECT 100%_done',
          }),
          query({
            id: '2',
            user: 'Ann',
            backendId: 'b',
            groupId: 'g',
            source: 'jdbc',
            state: Query_State.FINISHED,
            submittedAt: timestampFromMs(START + 10),
          }),
          query({
            id: '3',
            user: 'ann',
            backendId: 'B',
            groupId: 'h',
            source: 'cli',
            state: Query_State.UNKNOWN,
            submittedAt: timestampFromMs(START + 20),
            text: 'select 1000 done',
          }),
        ]);
        const oldest = { order: ListQueriesRequest_Order.OLDEST_FIRST } as const;
        expect(await idsOf(store, oldest)).toEqual(['1', '2', '3']);
        expect(await idsOf(store, { ...oldest, user: 'ann' })).toEqual(['1', '3']);
        expect(await idsOf(store, { ...oldest, backendId: 'b' })).toEqual(['2']);
        expect(await idsOf(store, { ...oldest, groupId: 'g' })).toEqual(['1', '2']);
        expect(await idsOf(store, { ...oldest, source: 'cli' })).toEqual(['1', '3']);
        expect(await idsOf(store, { ...oldest, state: Query_State.UNKNOWN })).toEqual(['3']);
        expect(await idsOf(store, { ...oldest, state: Query_State.FAILED })).toEqual([]);
        expect(await idsOf(store, { ...oldest, submittedAfter: timestampFromMs(START + 10) })).toEqual(['2', '3']);
        expect(await idsOf(store, { ...oldest, submittedBefore: timestampFromMs(START + 10) })).toEqual(['1']);
        expect(
          await idsOf(store, {
            ...oldest,
            submittedAfter: timestampFromMs(START + 1),
            submittedBefore: timestampFromMs(START + 20),
          }),
        ).toEqual(['2']);
        expect(await idsOf(store, { ...oldest, user: 'ann', groupId: 'h', source: 'cli' })).toEqual(['3']);
        expect(await idsOf(store, { ...oldest, user: 'ann', groupId: 'h', backendId: 'a' })).toEqual([]);
      }),
    );

    test(
      'a search for text takes wildcards and quotes as they are',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([
          query({ id: 'percent', text: "WHERE x LIKE '100%_\\'" }),
          query({ id: 'plain', text: "WHERE x LIKE '100abc'" }),
        ]);
        expect(await idsOf(store, { text: '100%' })).toEqual(['percent']);
        expect(await idsOf(store, { text: '%_\\' })).toEqual(['percent']);
        expect(await idsOf(store, { text: "E '100" })).toEqual(['plain', 'percent']);
        expect(await idsOf(store, { text: 'where' })).toEqual([]);
      }),
    );

    test(
      'pages join without gap or overlap when many queries share a moment, in both orders',
      withStore(fresh, async ({ store }) => {
        const ids = ['a', 'B', 'b', 'A', '_', '-', '.', '0', 'z', 'Z'];
        const queries = ids.flatMap((id) => [
          query({ id, user: 'u' }),
          query({ id: `${id}+`, user: 'v', submittedAt: timestampFromMs(START + 5) }),
        ]);
        await store.queries.record(queries);
        const sorted = [...ids.toSorted(), ...ids.map((id) => `${id}+`).toSorted()];
        const ascending = await pagesOf(store, { order: ListQueriesRequest_Order.OLDEST_FIRST, pageSize: 3 });
        expect(ascending.flat()).toEqual(sorted);
        expect(ascending.map((page) => page.length)).toEqual([3, 3, 3, 3, 3, 3, 2]);
        expect((await pagesOf(store, { pageSize: 7 })).flat()).toEqual(sorted.toReversed());
        expect((await pagesOf(store, { pageSize: 5, user: 'u' })).map((page) => page.length)).toEqual([5, 5]);
      }),
    );

    test(
      'a query that arrives between two pages shifts nothing',
      withStore(fresh, async ({ store }) => {
        const at = (ms: number) => timestampFromMs(START + ms);
        await store.queries.record([1, 2, 3, 4].map((ms) => query({ id: `q${ms}`, submittedAt: at(ms) })));
        const first = await store.queries.list(filter({ pageSize: 2 }));
        await store.queries.record([query({ id: 'q9', submittedAt: at(9) })]);
        expect(await idsOf(store, { pageSize: 2, pageToken: first.nextPageToken })).toEqual(['q2', 'q1']);
      }),
    );

    test(
      'pages have 100 rows unless asked, and at most 1000',
      withStore(fresh, async ({ store }) => {
        await store.queries.record(Array.from({ length: 1_001 }, (_, index) => query({ id: `q${index}` })));
        expect(await idsOf(store)).toHaveLength(100);
        expect(await idsOf(store, { pageSize: -1 })).toHaveLength(100);
        expect(await idsOf(store, { pageSize: 1_000_000 })).toHaveLength(1_000);
      }),
    );

    test(
      'a page token that was altered or invented is refused',
      withStore(fresh, async ({ store }) => {
        await store.queries.record(['a', 'b', 'c'].map((id) => query({ id })));
        const { nextPageToken } = await store.queries.list(filter({ pageSize: 1 }));
        const flip = (index: number) => {
          const other = nextPageToken[index] === 'A' ? 'B' : 'A';
          return nextPageToken.slice(0, index) + other + nextPageToken.slice(index + 1);
        };
        const bad = [
          'x',
          '!!',
          nextPageToken.slice(1),
          `${nextPageToken}A`,
          flip(0),
          flip(Math.floor(nextPageToken.length / 2)),
          Buffer.from('[1,"a","desc"]').toString('base64url'),
        ];
        for (const pageToken of bad) {
          await expect(store.queries.list(filter({ pageToken }))).rejects.toBeInstanceOf(BadPageTokenError);
        }
        const otherWay = { pageToken: nextPageToken, order: ListQueriesRequest_Order.OLDEST_FIRST };
        await expect(store.queries.list(filter(otherWay))).rejects.toBeInstanceOf(BadPageTokenError);
        await expect(idsOf(store, { pageToken: nextPageToken })).resolves.toEqual(['b', 'a']);
      }),
    );
  });
}
