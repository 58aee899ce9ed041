import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ListQueriesRequest_Order, ListQueriesRequestSchema, Query_State } from '@trino-gateway/api/gateway';
import { engineOf } from '../../src/storage/engines/registry.ts';
import { pageSelect } from '../../src/storage/tables/queries/page-select.ts';
import { writePageToken } from '../../src/storage/tables/queries/page-token.ts';
import { explain } from './access.ts';
import type { Million } from './database.ts';
import { percentile } from './percentile.ts';
import { BUSY_USER, RARE, RETIRED_BACKEND, SPAN_MS } from './plausible-row.ts';

type Filter = MessageInitShape<typeof ListQueriesRequestSchema>;
type Case = Filter & { deep?: boolean; limitMs?: number };

const DAY_MS = 86_400_000;
const LONGEST_PAGE_MS = 100;
const RUNS = 5;

/** Reads a page of every filter and prints how the engine found it and how long it took. @returns whether all is well */
export async function measurePages(million: Million, newest: number, rows: number): Promise<boolean> {
  const { engine, source, store } = million;
  let well = true;
  console.log(`${'filter'.padEnd(38)} ${'order'.padEnd(7)} ${'rows'.padStart(4)} ${'ms'.padStart(6)}  access`);
  for (const [name, filter] of cases(newest, rows)) {
    for (const order of [ListQueriesRequest_Order.NEWEST_FIRST, ListQueriesRequest_Order.OLDEST_FIRST]) {
      const newestFirst = order === ListQueriesRequest_Order.NEWEST_FIRST;
      const { deep, limitMs = LONGEST_PAGE_MS, ...rest } = filter;
      const pageToken = deep ? writePageToken({ submittedAt: newest - SPAN_MS / 2, id: 'x', newestFirst }) : '';
      const request = create(ListQueriesRequestSchema, { ...rest, order, pageToken });
      const times: number[] = [];
      let found = 0;
      for (let run = 0; run < RUNS; run++) {
        const startedAt = performance.now();
        found = (await store.queries.list(request)).queries.length;
        times.push(performance.now() - startedAt);
      }
      const access = await explain(source, engine, pageSelect(source.manager, engineOf(source).dialect, request));
      const ms = percentile(times, 0.5);
      const scan = access.wholeIndex && name !== 'none' ? 'reads along an index' : '';
      const fault = [access.fault, scan, ms >= limitMs ? 'too slow' : ''].filter(Boolean).join(', ');
      if (fault !== '') well = false;
      console.log(
        `${name.padEnd(38)} ${(newestFirst ? 'newest' : 'oldest').padEnd(7)} ${String(found).padStart(4)} ${ms.toFixed(1).padStart(6)}  ${access.text}${fault === '' ? '' : `  <- ${fault}`}`,
      );
    }
  }
  return well;
}

/** What is asked for; `deep` starts in the middle of history, as after five thousand pages. */
function cases(newest: number, rows: number): [string, Case][] {
  const middle = newest - SPAN_MS / 2;
  const day = { submittedAfter: timestampFromMs(middle), submittedBefore: timestampFromMs(middle + DAY_MS) };
  const sixHours = { ...day, submittedBefore: timestampFromMs(middle + DAY_MS / 4) };
  const lastHours = { submittedAfter: timestampFromMs(newest - DAY_MS / 4) };
  const single: [string, Filter][] = [
    ['none', {}],
    ['user with a third of all', { user: BUSY_USER }],
    ['user with few', { user: RARE.user }],
    ['user that is not there', { user: 'nobody' }],
    ['backend', { backendId: 'cluster-3' }],
    ['backend retired long ago', { backendId: RETIRED_BACKEND }],
    ['group', { groupId: 'adhoc' }],
    ['state FINISHED', { state: Query_State.FINISHED }],
    ['state FAILED', { state: Query_State.FAILED }],
    ['state UNKNOWN (rare)', { state: RARE.state }],
    ['source', { source: 'dbeaver' }],
  ];
  return [
    ...single,
    ...single.map(([name, filter]): [string, Case] => [`${name}, deep page`, { ...filter, deep: true }]),
    ['a day', day],
    ['a day, text in every row', { ...day, text: 'revenue' }],
    ['six hours, text in no row', { ...sixHours, text: 'nowhere to be found' }],
    ['the last six hours, text in one row', { ...lastHours, text: `report ${rows - 5}` }],
    // All its rows are read, which nobody can spare the engine: the time follows the range.
    ['a day, text in no row', { ...day, text: 'nowhere to be found', limitMs: 10 * LONGEST_PAGE_MS }],
    ['a day, user', { ...day, user: BUSY_USER }],
    ['a day, state', { ...day, state: Query_State.FAILED }],
    ['a day, state, text', { ...day, state: Query_State.FAILED, text: 'revenue' }],
    ['user, FAILED (none of a third)', { user: BUSY_USER, state: Query_State.FAILED }],
    ['user, FAILED', { user: 'analyst-7', state: Query_State.FAILED }],
    ['user, UNKNOWN (rare)', { user: BUSY_USER, state: RARE.state }],
    ['backend, UNKNOWN (rare)', { backendId: 'cluster-3', state: RARE.state }],
    ['backend, FAILED', { backendId: 'cluster-3', state: Query_State.FAILED }],
    ['backend, FAILED (none of a sixth)', { backendId: 'cluster-0', state: Query_State.FAILED }],
    ['group, FAILED (none of a third)', { groupId: 'etl', state: Query_State.FAILED }],
    ['source, FAILED (none of a third)', { source: 'airflow', state: Query_State.FAILED }],
    // By the index of one of both; SQLite does not know which one leaves fewer rows.
    ['user, backend', { user: 'analyst-7', backendId: 'cluster-3', limitMs: 10 * LONGEST_PAGE_MS }],
    ['user, source, group, state', { user: BUSY_USER, source: 'airflow', groupId: 'etl', state: RARE.state }],
  ];
}
