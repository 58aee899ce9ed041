import { Query_State } from '@trino-gateway/api/gateway';
import type { QueryRow } from '../../src/storage/schema/queries.ts';
import { storedState } from '../../src/storage/tables/queries/row.ts';

/** The time over which history is spread: what is kept by default. */
export const SPAN_MS = 30 * 86_400_000;

/** A user with a third of all queries, none of which ever fails. */
export const BUSY_USER = 'etl-service';
/** A backend that had its last query long ago. */
export const RETIRED_BACKEND = 'retired';
/** A state and a user that next to no row has. */
export const RARE = { state: Query_State.UNKNOWN, user: 'once-a-month' };

/** The same row for the same number, everywhere. */
export function plausibleRow(index: number, submittedAt: number): QueryRow {
  const id = `${stamp(submittedAt)}_${String(index % 100_000).padStart(5, '0')}_${['ab3de', '93wed', 'zz7kk'][index % 3]}`;
  const drawn = hash(index);
  const user = drawn % 3 === 0 ? BUSY_USER : index % 250_000 === 1 ? RARE.user : `analyst-${drawn % 211}`;
  const state = stateOf(index, user, drawn);
  const tookMs = drawn % 60_000;
  const ended = state === Query_State.FINISHED || state === Query_State.FAILED || state === RARE.state;
  return {
    id,
    trinoQueryId: id,
    text: `SELECT o.orderkey, sum(l.extendedprice * (1 - l.discount)) AS revenue FROM tpch.sf${drawn % 100}.orders o JOIN tpch.sf${drawn % 100}.lineitem l ON o.orderkey = l.orderkey WHERE o.orderdate > DATE '19${90 + (drawn % 9)}-01-01' GROUP BY 1 ORDER BY 2 DESC LIMIT 100 -- report ${index}`,
    user,
    source: user === BUSY_USER ? 'airflow' : (['trino-cli', 'dbeaver', 'superset', 'jdbc'][drawn % 4] ?? ''),
    clientTags: drawn % 5 === 0 ? '["etl","nightly"]' : '',
    clientIp: `10.0.${drawn % 256}.${(drawn >> 8) % 256}`,
    groupId: user === BUSY_USER ? 'etl' : (['adhoc', 'bi', 'large'][(drawn >> 4) % 3] ?? ''),
    backendId:
      index < 200_000 && drawn % 4 === 1
        ? RETIRED_BACKEND
        : `cluster-${user === BUSY_USER ? drawn % 2 : 2 + (drawn % 6)}`,
    decidedBy: user === BUSY_USER ? 'policy etl' : 'default_group',
    state: storedState(state),
    submittedAt,
    queuedMs: 0,
    startedAt: submittedAt + 150,
    endedAt: ended ? submittedAt + 150 + tookMs : null,
    endedState: ended ? storedState(state) : 0,
    rows: state === Query_State.FINISHED ? drawn % 10_000 : null,
    error:
      state === Query_State.FAILED ? '{"name":"SYNTAX_ERROR","code":1,"message":"line 1:1: mismatched input"}' : '',
    stepId: user === BUSY_USER ? 'policies' : null,
    ruleId: null,
    observed: null,
    request: null,
  };
}

function stateOf(index: number, user: string, drawn: number): Query_State {
  if (index % 20_000 === 7) return RARE.state;
  if (index % 50_000 === 9) return Query_State.RUNNING;
  return user !== BUSY_USER && drawn % 11 === 0 ? Query_State.FAILED : Query_State.FINISHED;
}

function stamp(at: number): string {
  const iso = new Date(at).toISOString();
  return `${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}`;
}

/** A whole number that looks drawn. */
function hash(index: number): number {
  let value = Math.imul(index + 1, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca77);
  return (value ^ (value >>> 13)) >>> 1;
}
