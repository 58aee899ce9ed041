/** A case of the protocol as statements that clients run one after the other, by their names. */
export type ClientCase = {
  title: string;
  /** OWN_TABLE is one of the client's own. */
  statements: Record<string, string>;
  /** Statements that fail, with a part of what every client says then. */
  fails?: Record<string, string>;
  /** The CLI splits or skips these by itself. */
  notByCli?: true;
};

const DECIMAL = '99999999999999999999.999999999999999999';
const prepared = (length: number) => `SELECT length('${'p'.repeat(length)}')`;

/** In this order, on one connection: the sessions of clients change under way. */
export const clientCases: readonly ClientCase[] = [
  { title: 'case 1: a first statement', statements: { 'select-1': 'SELECT 1' } },
  {
    title: 'case 3: a value of twenty megabytes arrives whole',
    statements: { 'long-value': "SELECT rpad('x', 20000000, 'x')" },
  },
  {
    title: 'case 4: numbers arrive digit by digit',
    statements: {
      bigint: "SELECT BIGINT '9223372036854775807', BIGINT '-9223372036854775808', TINYINT '-128', SMALLINT '32767'",
      decimal: `SELECT DECIMAL '${DECIMAL}', DECIMAL '-${DECIMAL}', DECIMAL '0.000000000000000001', 1.10`,
      double: 'SELECT nan(), infinity(), -infinity(), 1e-300, 0.1e0, CAST(1 AS double) / 3',
      real: "SELECT REAL 'NaN', CAST(infinity() AS real), CAST(-infinity() AS real), REAL '1.1', REAL '3.4028235E38'",
    },
  },
  {
    title: 'case 5: each type keeps its name and its values',
    statements: {
      scalars: "SELECT true AS b, 'text' AS v, CAST('c' AS char(5)) AS c, X'00ff' AS bytes, NULL AS nothing",
      special:
        "SELECT UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS u, IPADDRESS '2001:db8::1' AS ip, JSON '{\"a\":[1]}' AS j",
      dates:
        "SELECT DATE '2020-02-29' AS d, INTERVAL '1-2' YEAR TO MONTH AS ym, INTERVAL '3 04:05:06.789' DAY TO SECOND AS ds",
      times: "SELECT TIME '01:02:03.123' AS t3, TIME '01:02:03.123456789012' AS t12, TIME '01:02:03+01:00' AS tz",
      timestamps:
        "SELECT TIMESTAMP '2020-01-01 00:00:00.123' AS t3, TIMESTAMP '2020-01-01 00:00:00.123456789012' AS t12",
      zoned:
        "SELECT TIMESTAMP '2020-01-01 00:00:00.123456789012 Europe/Berlin' AS z12, TIMESTAMP '2020-06-01 00:00 UTC' AS z",
      nested:
        "SELECT ARRAY[1, NULL] AS a, MAP(ARRAY['k'], ARRAY[ARRAY[1]]) AS m, CAST(ROW(1, ROW('x', NULL)) AS ROW(a integer, b ROW(c varchar, d double))) AS r",
    },
  },
  {
    title: 'case 6: text of every script arrives as it was sent',
    statements: {
      unicode: "SELECT 'žluťoučký 日本語 🦊', 'שלום العربية', 'e\u0301o\u0308', 1 AS \"sloupec ž\"",
    },
  },
  {
    title: 'case 7: values that read like links and markup are not touched',
    statements: {
      'like-links': `SELECT '"nextUri":"http://evil/"', 'infoUri', '</script>', 'a\\b\\\\c"', '\\ud83d' AS "nextUri"`,
    },
  },
  {
    title: 'case 8: blanks and comments alone are a syntax error',
    statements: { blanks: '  \n ', 'only-comment': '/* nothing */' },
    fails: { blanks: '', 'only-comment': '' },
    notByCli: true,
  },
  {
    title: 'case 9: comments are no matter, and one without an end is a syntax error',
    statements: {
      comments: '-- comment\n/* block */ SELECT 9 -- end',
      'nested-comment': '/* a /* b */ SELECT 9',
    },
  },
  {
    title: 'case 9: a comment without an end is a syntax error, and so is one that nests',
    statements: { unterminated: 'SELECT 9 /* never', deeper: '/* a /* b */ */ SELECT 9' },
    fails: { unterminated: '', deeper: '' },
    notByCli: true,
  },
  {
    title: 'case 10: a semicolon is a syntax error of the cluster',
    statements: { semicolon: 'SELECT 1;' },
    fails: { semicolon: "mismatched input ';'" },
    notByCli: true,
  },
  { title: 'case 14: no rows, and yet columns', statements: { empty: "SELECT 1 AS a, 'x' AS b WHERE false" } },
  {
    title: 'case 15: writes say what they did and how many rows',
    statements: {
      create: 'CREATE TABLE OWN_TABLE AS SELECT * FROM tpch.tiny.nation',
      insert: 'INSERT INTO OWN_TABLE SELECT * FROM tpch.tiny.nation WHERE regionkey = 1',
      written: 'SELECT count(*), sum(nationkey) FROM OWN_TABLE',
      truncate: 'TRUNCATE TABLE OWN_TABLE',
      drop: 'DROP TABLE OWN_TABLE',
    },
  },
  {
    title: 'case 15: a write that a catalog does not know fails as directly',
    statements: { delete: 'DELETE FROM tpch.tiny.nation WHERE nationkey = 1' },
    fails: { delete: '' },
  },
  {
    title: 'case 16: errors keep name, code, words and place',
    statements: {
      division: 'SELECT 1 / 0',
      'no-table': 'SELECT * FROM tpch.tiny.nowhere',
      syntax: 'SELECT 1\n  FROM WHERE',
      function: "SELECT\n no_such_function('x')",
      cast: "SELECT CAST('x' AS integer)",
      'set-memory': "SET SESSION query_max_memory_per_node = '1kB'",
      memory: 'SELECT count(DISTINCT comment) FROM tpch.tiny.orders',
      'reset-memory': 'RESET SESSION query_max_memory_per_node',
      denied: 'SET ROLE nobody_has_it',
    },
    fails: {
      division: 'Division by zero',
      'no-table': 'does not exist',
      syntax: 'mismatched input',
      function: 'no_such_function',
      cast: 'Cannot cast',
      memory: 'memory limit',
      denied: '',
    },
  },
  {
    title: 'case 17: warnings arrive',
    statements: { warning: 'SELECT * FROM (SELECT 1 AS a ORDER BY 1)' },
  },
  {
    title: 'case 18: progress never goes back, for a client that watches it',
    statements: {
      progress: `SELECT * FROM (${[1, 2, 3, 4, 5, 6]
        .map((n) => `SELECT count(*) FROM tpch.tiny.lineitem WHERE orderkey % ${n} = 0`)
        .join(' UNION ALL ')}) ORDER BY 1`,
    },
  },
  {
    title: 'case 20: session properties last, two of them, too, and one that is none fails',
    statements: {
      'set-run': "SET SESSION query_max_run_time = '1h'",
      'set-execution': "SET SESSION query_max_execution_time = '2h'",
      'set-unknown': "SET SESSION memory.nothing = 'x'",
      'show-both': "SHOW SESSION LIKE 'query_max_%_time'",
      'reset-run': 'RESET SESSION query_max_run_time',
      'show-one': "SHOW SESSION LIKE 'query_max_run_time'",
    },
    fails: { 'set-unknown': '' },
  },
  {
    title: 'case 21: any text may be the value of a session property',
    statements: {
      'set-text': `SET SESSION spatial_partitioning_table_name = 'a%b+c d=e,f"g'`,
      'show-text': "SHOW SESSION LIKE 'spatial_partitioning_table_name'",
      'reset-text': 'RESET SESSION spatial_partitioning_table_name',
    },
  },
  {
    title: 'case 22: catalog and schema last, over many pages, too',
    statements: {
      use: 'USE tpch.tiny',
      'in-schema': 'SELECT count(*) FROM nation',
      pages: 'SELECT * FROM orders ORDER BY orderkey',
      'still-there': 'SELECT count(*) FROM region',
    },
  },
  {
    title: 'case 23: roles, path, time zone and the user of a session change, and change back',
    statements: {
      'role-all': 'SET ROLE ALL',
      'role-none': 'SET ROLE NONE',
      path: 'SET PATH memory.default',
      'show-path': 'SELECT current_path',
      zone: "SET TIME ZONE 'Asia/Tehran'",
      'show-zone': 'SELECT current_timezone()',
      'zone-back': 'SET TIME ZONE LOCAL',
      other: 'SET SESSION AUTHORIZATION somebody',
      'show-other': 'SELECT current_user',
      back: 'RESET SESSION AUTHORIZATION',
      'show-back': 'SELECT current_user',
    },
    fails: {
      path: '',
      'show-path': '',
      zone: '',
      'show-zone': '',
      other: '',
      'show-other': '',
      back: '',
      'show-back': '',
    },
  },
  {
    title: 'case 24: prepared statements of 100 bytes, three and three hundred kilobytes run',
    statements: Object.fromEntries(
      [100, 3_000, 300_000].flatMap((length) => [
        [`prepare-${length}`, `PREPARE p FROM ${prepared(length)}`],
        [`execute-${length}`, 'EXECUTE p'],
        [`deallocate-${length}`, 'DEALLOCATE PREPARE p'],
      ]),
    ),
    fails: { 'execute-100': '', 'execute-3000': '', 'execute-300000': '' },
  },
  // The last one: of Java clients no statement goes on after it.
  {
    title: 'case 21: a value that is not ASCII is set by the clients that can',
    statements: {
      'set-unicode': "SET SESSION spatial_partitioning_table_name = 'é 🦊'",
      'show-unicode': "SHOW SESSION LIKE 'spatial_partitioning_table_name'",
    },
    fails: { 'show-unicode': '' },
  },
];

/** Half a million rows, the same ones each time, in any order. */
export const manyRows = [
  'sum',
  'SELECT orderkey, linenumber, n, comment FROM tpch.tiny.lineitem CROSS JOIN UNNEST(sequence(1, 9)) AS t(n)',
] as const;
