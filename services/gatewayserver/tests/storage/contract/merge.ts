import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { type Query, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import fc from 'fast-check';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const START = 1_763_700_000_000;
const at = (ms: number) => timestampFromMs(START + ms);
const report = (init: MessageInitShape<typeof QuerySchema>) => create(QuerySchema, { id: 'q', ...init });

const names = fc.constantFrom('', 'a', 'B', 'ab', 'ü', '🦆');
const times = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });

/** What routers may report about one query, contradictions included. One time at least is always known. */
const anyReport: fc.Arbitrary<Query> = fc
  .record({
    trinoQueryId: names,
    text: names,
    user: names,
    source: names,
    clientTags: fc.array(names, { maxLength: 2 }),
    clientIp: names,
    groupId: names,
    backendId: names,
    decidedBy: names,
    state: fc.constantFrom(...Object.values(Query_State)),
    submittedAt: fc.integer({ min: 0, max: 3 }),
    queuedMs: fc.integer({ min: 0, max: 3 }),
    startedAt: times,
    endedAt: times,
    rows: fc.option(fc.bigInt({ min: 0n, max: 3n }), { nil: undefined }),
    error: fc.option(fc.record({ name: names, code: fc.integer({ min: -1, max: 1 }), message: names }), {
      nil: undefined,
    }),
  })
  .map(({ submittedAt, startedAt, endedAt, rows, error, ...rest }) =>
    report({
      ...rest,
      submittedAt: at(submittedAt),
      ...(startedAt !== undefined && { startedAt: at(startedAt) }),
      ...(endedAt !== undefined && { endedAt: at(endedAt) }),
      ...(rows !== undefined && { rows }),
      ...(error !== undefined && { error }),
    }),
  );

/** How reports of one query are merged. */
export function mergeContract(fresh: NewDatabase): void {
  describe('reports of one query', () => {
    test(
      'any order, grouping and repetition of the same reports ends in the same row',
      withStore(fresh, async ({ store }) => {
        let runs = 0;
        const scenario = fc.array(anyReport, { minLength: 1, maxLength: 5 }).chain((reports) =>
          fc.record({
            reports: fc.constant(reports),
            shuffled: fc.shuffledSubarray([...reports, ...reports], { minLength: reports.length * 2 }),
          }),
        );
        const property = fc.asyncProperty(scenario, async ({ reports, shuffled }) => {
          const run = ++runs;
          const as = (id: string) => (message: Query) => ({ ...message, id });
          await store.queries.record(reports.map(as(`in-order-${run}`)));
          for (const one of shuffled) await store.queries.record([as(`shuffled-${run}`)(one)]);
          const [expected, actual] = [
            await store.queries.get(`in-order-${run}`),
            await store.queries.get(`shuffled-${run}`),
          ];
          expect(actual && { ...actual, id: '' }).toEqual(expected && { ...expected, id: '' });
        });
        await fc.assert(property, { numRuns: 60 });
      }),
    );

    test(
      'an error of which only the name is known does not take the place of its message',
      withStore(fresh, async ({ store }) => {
        const whole = { name: 'DIVISION_BY_ZERO', code: 8, message: 'Division by zero' };
        for (const [id, errors] of Object.entries({
          before: [{ name: whole.name }, whole],
          after: [whole, { name: whole.name }],
        })) {
          for (const error of errors) await store.queries.record([report({ id, state: Query_State.FAILED, error })]);
          expect((await store.queries.get(id))?.error).toMatchObject(whole);
        }
      }),
    );

    test(
      'the group is the one that a query has spilled over to, whichever report comes first',
      withStore(fresh, async ({ store }) => {
        const waits = { groupId: 'etl', decidedBy: 'policy p', state: Query_State.QUEUED };
        const runs = { groupId: 'adhoc', decidedBy: 'policy p, spilled over from group etl', backendId: 'b' };
        for (const [id, reports] of Object.entries({ before: [waits, runs], after: [runs, waits] })) {
          for (const one of reports) await store.queries.record([report({ id, ...one })]);
          await store.queries.record([report({ id, state: Query_State.FINISHED })]);
          expect(await store.queries.get(id)).toMatchObject(runs);
        }
      }),
    );

    test(
      'a late report never undoes a final state',
      withStore(fresh, async ({ store }) => {
        const finals = [Query_State.FINISHED, Query_State.FAILED];
        const others = [Query_State.STATE_UNSPECIFIED, Query_State.QUEUED, Query_State.RUNNING, Query_State.UNKNOWN];
        for (const final of finals) {
          for (const other of others) {
            const id = `${final}-${other}`;
            await store.queries.record([report({ id, state: final, endedAt: at(5) })]);
            await store.queries.record([
              report({ id, state: other, ...(other === Query_State.UNKNOWN && { endedAt: at(9) }) }),
            ]);
            expect(await store.queries.get(id)).toMatchObject({ state: final, endedAt: at(5) });
          }
        }
      }),
    );

    test(
      'a guessed end gives way to a reported one',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([report({ state: Query_State.UNKNOWN, endedAt: at(5) })]);
        expect(await store.queries.get('q')).toMatchObject({ state: Query_State.UNKNOWN, endedAt: at(5) });
        await store.queries.record([report({ state: Query_State.FINISHED, endedAt: at(9), rows: 3n })]);
        expect(await store.queries.get('q')).toMatchObject({ state: Query_State.FINISHED, endedAt: at(9), rows: 3n });
        await store.queries.record([report({ state: Query_State.RUNNING, startedAt: at(1) })]);
        expect(await store.queries.get('q')).toMatchObject({
          state: Query_State.FINISHED,
          startedAt: at(1),
          endedAt: at(9),
        });
      }),
    );

    test(
      'a guessed end stays when the final report has none',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([report({ state: Query_State.UNKNOWN, endedAt: at(5) })]);
        await store.queries.record([report({ state: Query_State.FINISHED })]);
        expect(await store.queries.get('q')).toMatchObject({ state: Query_State.FINISHED, endedAt: at(5) });
      }),
    );

    test(
      'fields that a later report leaves out stay',
      withStore(fresh, async ({ store }) => {
        const first = report({
          trinoQueryId: 't',
          text: 'SELECT 1',
          user: 'u',
          source: 's',
          clientTags: ['x'],
          clientIp: '::1',
          groupId: 'g',
          backendId: 'b',
          decidedBy: 'd',
          state: Query_State.RUNNING,
          submittedAt: at(0),
          queuedMs: 7,
          startedAt: at(1),
          rows: 2n,
          error: { name: 'E' },
        });
        await store.queries.record([first]);
        await store.queries.record([report({})]);
        expect(await store.queries.get('q')).toEqual(first);
      }),
    );

    test(
      'the end of a query whose router died is stored, and completed by a late report of its start',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([
          report({ state: Query_State.FAILED, endedAt: at(50), error: { name: 'X', code: 1, message: 'm' } }),
        ]);
        expect(await store.queries.get('q')).toMatchObject({
          state: Query_State.FAILED,
          submittedAt: at(50),
          error: { name: 'X' },
        });
        await store.queries.record([report({ user: 'u', text: 't', state: Query_State.QUEUED, submittedAt: at(10) })]);
        expect(await store.queries.get('q')).toMatchObject({
          user: 'u',
          text: 't',
          state: Query_State.FAILED,
          submittedAt: at(10),
        });
      }),
    );

    test(
      'a report without any time has a place in the order',
      withStore(fresh, async ({ store }) => {
        const before = Date.now();
        await store.queries.record([report({ state: Query_State.RUNNING })]);
        const seconds = Number((await store.queries.get('q'))?.submittedAt?.seconds);
        expect(seconds * 1_000).toBeGreaterThan(before - 2_000);
        expect(seconds * 1_000).toBeLessThanOrEqual(Date.now());
      }),
    );

    test(
      'no query starts before its submission or ends before its start, whichever clock is behind and whichever report comes first',
      withStore(fresh, async ({ store }) => {
        const submitted = { submittedAt: at(500), state: Query_State.QUEUED };
        const running = { startedAt: at(200), state: Query_State.RUNNING };
        const ended = { endedAt: at(300), state: Query_State.FINISHED };
        const orders = [
          [submitted, running, ended],
          [ended, running, submitted],
          [{ ...submitted, ...running, ...ended }],
        ];
        for (const [index, reports] of orders.entries()) {
          const id = `q${index}`;
          // Reports of the cluster's times name the submission, as far as they know it.
          for (const one of reports) await store.queries.record([report({ id, ...submitted, ...one })]);
          expect(await store.queries.get(id)).toMatchObject({ startedAt: at(500), endedAt: at(500) });
        }
        await store.queries.record([report({ id: 'late', ...running, ...ended })]);
        await store.queries.record([report({ id: 'late', submittedAt: at(0), startedAt: at(400) })]);
        expect(await store.queries.get('late')).toMatchObject({ startedAt: at(200), endedAt: at(300) });
        await store.queries.record([report({ id: 'other', submittedAt: at(500) }), report({ id: 'other', ...ended })]);
        expect(await store.queries.get('other')).toMatchObject({ submittedAt: at(300), endedAt: at(300) });
      }),
    );

    test(
      'routers that report the same queries at once do not deadlock',
      withStore(fresh, async ({ store }) => {
        const ids = Array.from({ length: 30 }, (_, index) => `q${index}`);
        const batch = (state: Query_State) => ids.map((id) => report({ id, state, submittedAt: at(0) }));
        const states = [Query_State.QUEUED, Query_State.RUNNING, Query_State.FINISHED, Query_State.UNKNOWN];
        await Promise.all(
          [...states, ...states].map((state, index) =>
            store.queries.record(index % 2 === 0 ? batch(state) : batch(state).toReversed()),
          ),
        );
        for (const id of ids) expect((await store.queries.get(id))?.state).toBe(Query_State.FINISHED);
      }),
    );
  });
}
