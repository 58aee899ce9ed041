/** One thing every data team does with its client; the value of `expected` is what a direct run against Trino gives. */
export type CaseName = keyof typeof expected;

/** The exact result of each case. */
export const expected = {
  'select-1': '1',
  count: '15000',
  /** SHA-256 of the rows as tab separated text: they arrive whole, in order and unchanged. */
  'fetch-15000': '6b240b123052cd592acaa6d996361374d1f37aef2b4235fb2af49cc26a3cd66e',
  prepared: 'EUROPE',
  session: '23m',
  /** Rows created, rows inserted, rows counted then. */
  write: '5 5 10',
  'error-message': 'Division by zero',
  'error-code': '8',
  transaction: '25',
  tables: 'customer,lineitem,nation,orders,part,partsupp,region,supplier',
  /** Columns of a table with their types, and whether there are two tables of which there is one. */
  inspection: 'nationkey BIGINT,name VARCHAR(25),regionkey BIGINT,comment VARCHAR(152) True False',
  valid: 'true',
  'head-statement': '200',
  info: 'false',
  cancel: 'canceled',
  /** What the cluster says of the cancelled query. */
  'cancelled-on-server': 'USER_CANCELED',
} as const;

/** The cases every client is tried with; `-` as a value says that the client cannot do it. */
export const commonCases: readonly CaseName[] = [
  'select-1',
  'count',
  'fetch-15000',
  'prepared',
  'session',
  'write',
  'error-message',
  'error-code',
  'transaction',
  'cancel',
  'cancelled-on-server',
];

/** The comment by which the long query of a run is found in a cluster's list. */
export const longQueryMark = (mark: string) => `/* long query of ${mark} */`;

/** What the clients run, as the environment they get. `mark` tells this run from all others. */
export function statements(mark: string): Record<string, string> {
  const table = `memory.default.matrix_${mark}`;
  return {
    MATRIX_ONE: 'SELECT 1',
    MATRIX_COUNT: 'SELECT count(*) FROM tpch.tiny.orders',
    MATRIX_FETCH:
      'SELECT orderkey, custkey, orderstatus, CAST(totalprice AS varchar), CAST(orderdate AS varchar), comment ' +
      'FROM tpch.tiny.orders ORDER BY orderkey',
    MATRIX_PREPARED: 'SELECT name FROM tpch.tiny.region WHERE regionkey = ?',
    MATRIX_PREPARED_VALUE: '3',
    MATRIX_SET_SESSION: "SET SESSION query_max_execution_time = '23m'",
    MATRIX_SHOW_SESSION: "SHOW SESSION LIKE 'query_max_execution_time'",
    MATRIX_CREATE: `CREATE TABLE ${table} AS SELECT name FROM tpch.tiny.region`,
    MATRIX_INSERT: `INSERT INTO ${table} SELECT name FROM tpch.tiny.region`,
    MATRIX_COUNT_WRITTEN: `SELECT count(*) FROM ${table}`,
    MATRIX_DROP: `DROP TABLE ${table}`,
    MATRIX_FAILING: 'SELECT 1 / 0',
    MATRIX_IN_TRANSACTION: 'SELECT count(*) FROM tpch.tiny.nation',
    MATRIX_LONG: `SELECT count(*) FROM tpch.sf1000.lineitem ${longQueryMark(mark)}`,
  };
}
