import type { ScriptedColumn, StatementScript } from './statement-script.ts';

/** What of a submission decides what its statement does. */
export type StatementContext = {
  statement: string;
  user: string;
  source: string | undefined;
  /** Values of X-Trino-Prepared-Statement, name → SQL. */
  prepared: ReadonlyMap<string, string>;
  /** The open transaction of the session, or what the header said. */
  transactionId: string | undefined;
};

/** One row of system.runtime.queries. */
export type RuntimeQuery = Record<string, string | number | boolean | null> & { query_id: string; state: string };

/** What the coordinator does for statements that change it. */
export type Effects = {
  startTransaction(): string;
  endTransaction(id: string): void;
  /** Kills by id; answers what went wrong, if anything. */
  kill(queryId: string, message: string | undefined): StatementScript['error'];
  /** Rows of system.runtime.queries, with the columns tests ask for; times are seconds since 1970. */
  runtimeQueries(): readonly RuntimeQuery[];
  /** Rows of system.runtime.transactions, that of the asking statement among them. */
  runtimeTransactions(): readonly Readonly<Record<'transaction_id' | 'auto_commit_context' | 'create_time', unknown>>[];
  nodes(): readonly Record<string, string | boolean>[];
};

const integer = (name: string): ScriptedColumn => ({ name, type: 'integer' });
const done = (updateType: string, answerHeaders: [string, string][] = []): StatementScript => ({
  updateType,
  answerHeaders,
});
const userError = (
  name: string,
  code: number,
  message: string,
  errorAt: 'queued' | 'executing' = 'queued',
): StatementScript => ({
  error: { name, code, type: 'USER_ERROR', message },
  errorAt,
});
const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+');

const literal = String.raw`(?:-?\d+|'(?:[^']|'')*')`;
const literalSelect = new RegExp(
  String.raw`^select\s+${literal}(?:\s+as\s+\w+)?(?:\s*,\s*${literal}(?:\s+as\s+\w+)?)*$`,
  'i',
);
const literalItem = new RegExp(String.raw`(${literal})(?:\s+as\s+(\w+))?`, 'gi');

const tables: Record<string, number> = { region: 5, nation: 25, orders: 15_000 };

/** The script of a statement nobody scripted: enough SQL to look like a cluster with the tpch catalog. */
export function builtInStatement(context: StatementContext, effects: Effects, depth = 0): StatementScript | undefined {
  const sql = context.statement
    .replace(/('(?:[^']|'')*')|--[^\n]*|\/\*[\s\S]*?\*\//g, (_, text?: string) => text ?? ' ')
    .trim();
  const inner = (statement: string): StatementScript | undefined =>
    depth > 2 ? undefined : builtInStatement({ ...context, statement }, effects, depth + 1);
  for (const [pattern, act] of commands) {
    const match = pattern.exec(sql);
    if (match !== null) return act(match, context, effects, inner);
  }
  return undefined;
}

type Act = (
  match: RegExpExecArray,
  context: StatementContext,
  effects: Effects,
  inner: (statement: string) => StatementScript | undefined,
) => StatementScript | undefined;

const commands: readonly (readonly [RegExp, Act])[] = [
  [/^$/, () => userError('SYNTAX_ERROR', 1, "line 1:1: mismatched input '<EOF>'")],
  [/;$/, (m) => userError('SYNTAX_ERROR', 1, `line 1:${m.index + 1}: mismatched input ';'. Expecting: <EOF>`)],
  [/^(selec|slect|selct|may)\b/i, (m) => userError('SYNTAX_ERROR', 1, `line 1:1: mismatched input '${m[1]}'`)],
  [/^start\s+transaction\b/i, startTransaction],
  [/^(commit|rollback)(\s+work)?$/i, endTransaction],
  [
    /^set\s+session\s+authorization\s+(\S+)$/i,
    (m) => done('SET SESSION AUTHORIZATION', [['X-Trino-Set-Authorization-User', unquote(m[1] ?? '')]]),
  ],
  [
    /^set\s+session\s+([\w.]+)\s*=\s*([\s\S]+)$/i,
    (m) => done('SET SESSION', [['X-Trino-Set-Session', `${m[1]}=${encode(unquote(m[2] ?? ''))}`]]),
  ],
  [/^reset\s+session\s+([\w.]+)$/i, (m) => done('RESET SESSION', [['X-Trino-Clear-Session', m[1] ?? '']])],
  [
    /^set\s+role\s+(\w+)$/i,
    (m) =>
      done('SET ROLE', [
        [
          'X-Trino-Set-Role',
          `system=${encode(/^(all|none)$/i.test(m[1] ?? '') ? (m[1] ?? '').toUpperCase() : `ROLE{${m[1]}}`)}`,
        ],
      ]),
  ],
  [
    /^use\s+(\w+)\.(\w+)$/i,
    (m) =>
      done('USE', [
        ['X-Trino-Set-Catalog', m[1] ?? ''],
        ['X-Trino-Set-Schema', m[2] ?? ''],
      ]),
  ],
  [
    /^prepare\s+(\w+)\s+from\s+([\s\S]+)$/i,
    (m) => done('PREPARE', [['X-Trino-Added-Prepare', `${m[1]}=${encode(m[2] ?? '')}`]]),
  ],
  [/^deallocate\s+prepare\s+(\w+)$/i, (m) => done('DEALLOCATE', [['X-Trino-Deallocated-Prepare', m[1] ?? '']])],
  [
    /^execute\s+immediate\s+('(?:[^']|'')*')(?:\s+using\s+([\s\S]+))?$/i,
    (m, _c, _e, inner) => inner(bind(unquote(m[1] ?? ''), m[2])),
  ],
  [/^execute\s+(\w+)(?:\s+using\s+([\s\S]+))?$/i, executePrepared],
  [/^call\s+(?:"?system"?\s*\.\s*"?runtime"?\s*\.\s*)?"?kill_query"?\s*\(([\s\S]*)\)$/i, killQuery],
  [/\bfrom\s+system\.runtime\.queries\b/i, runtimeQueries],
  [
    /\bfrom\s+system\.runtime\.transactions$/i,
    (_m, _c, effects) =>
      records(['transaction_id', 'auto_commit_context', 'create_time'], effects.runtimeTransactions()),
  ],
  [
    /^select\s+\*\s+from\s+system\.runtime\.nodes$/i,
    (_m, _c, effects) => records(['node_id', 'http_uri', 'node_version', 'coordinator', 'state'], effects.nodes()),
  ],
  [
    /^select\s+count\(\*\)\s+from\s+system\.runtime\.nodes(?:\s+where\s+state\s*=\s*'(\w+)')?$/i,
    (m, _c, effects) => ({
      columns: [{ name: '_col0', type: 'bigint' }],
      rows: [[effects.nodes().filter(({ state }) => m[1] === undefined || state === m[1]).length]],
    }),
  ],
  [
    /^select\s+1\s*\/\s*0$/i,
    () => ({ columns: [integer('_col0')], ...userError('DIVISION_BY_ZERO', 8, 'Division by zero', 'executing') }),
  ],
  [
    /^select\s+current_user$/i,
    (_m, context) => ({ columns: [{ name: '_col0', type: 'varchar' }], rows: [[context.user]] }),
  ],
  [literalSelect, (m) => selectLiterals(m[0])],
  [/\btpch\.sf\d+\./i, () => ({ columns: [{ name: '_col0', type: 'bigint' }], runMs: Number.POSITIVE_INFINITY })],
  [/^select\s+(.+?)\s+from\s+tpch\.tiny\.(\w+)/i, selectTable],
];

function startTransaction(_match: RegExpExecArray, context: StatementContext, effects: Effects): StatementScript {
  if (context.transactionId === undefined)
    return userError('INCOMPATIBLE_CLIENT', 27, 'Client does not support transactions');
  if (context.transactionId !== 'NONE') return userError('NOT_SUPPORTED', 13, 'Nested transactions not supported');
  return done('START TRANSACTION', [['X-Trino-Started-Transaction-Id', effects.startTransaction()]]);
}

function endTransaction(match: RegExpExecArray, context: StatementContext, effects: Effects): StatementScript {
  const id = context.transactionId;
  if (id === undefined || id === 'NONE') return userError('NOT_IN_TRANSACTION', 21, 'No transaction in progress');
  effects.endTransaction(id);
  return done((match[1] ?? '').toUpperCase(), [['X-Trino-Clear-Transaction-Id', 'true']]);
}

function executePrepared(
  match: RegExpExecArray,
  context: StatementContext,
  _effects: Effects,
  inner: (sql: string) => StatementScript | undefined,
) {
  const sql = context.prepared.get(match[1] ?? '');
  return sql === undefined
    ? userError('NOT_FOUND', 5, `Prepared statement not found: ${match[1]}`)
    : inner(bind(sql, match[2]));
}

function killQuery(match: RegExpExecArray, _context: StatementContext, effects: Effects): StatementScript {
  const values = [...(match[1] ?? '').matchAll(/(?:(\w+)\s*=>\s*)?('(?:[^']|'')*'|null)/gi)];
  const argument = (name: string, position: number) =>
    (values.find((value) => value[1]?.toLowerCase() === name) ?? values[position])?.[2];
  const message = argument('message', 1);
  const error = effects.kill(
    unquote(argument('query_id', 0) ?? ''),
    message === undefined || /^null$/i.test(message) ? undefined : unquote(message),
  );
  return error === undefined ? done('CALL') : { error, errorAt: 'queued' };
}

function runtimeQueries(_match: RegExpExecArray, context: StatementContext, effects: Effects): StatementScript {
  const sql = context.statement;
  const wanted = literalsAfter(sql, /\bstate\s+in\s*\(([^)]*)\)/i);
  const unwanted = literalsAfter(sql, /\bstate\s+not\s+in\s*\(([^)]*)\)/i);
  const ids = literalsAfter(sql, /\bquery_id\s+in\s*\(([^)]*)\)/i);
  const notSource = literalsAfter(sql, /\bsource\b[^=<!]{0,20}(?:<>|!=|is\s+distinct\s+from)\s*('(?:[^']|'')*')/i);
  const marks = /\bas of_others\b/i.test(sql);
  const rows = effects.runtimeQueries().flatMap((row) => {
    const { state } = row;
    const isOwn = notSource.includes(String(row.source ?? ''));
    const isShown =
      (ids.length === 0 || ids.includes(row.query_id)) &&
      (wanted.length === 0 || wanted.includes(state)) &&
      !unwanted.includes(state) &&
      (marks || !isOwn);
    return isShown ? [marks ? { ...row, of_others: !isOwn, current_timestamp: Date.now() / 1_000 } : row] : [];
  });
  const items = (/^\s*select\s+([\s\S]*?)\s+from\b/i.exec(sql)?.[1] ?? '*')
    .split(',')
    .map((item) => item.trim().replaceAll('"', ''))
    // Times are kept as what this function answers.
    .map((item) => item.replace(/^to_unixtime\((\w+)\)$/i, '$1'));
  if (/\bgroup\s+by\b/i.test(sql)) return groupedByState(items, rows);
  if (items.length === 1 && /^count\(/i.test(items[0] ?? ''))
    return { columns: [{ name: '_col0', type: 'bigint' }], rows: [[rows.length]] };
  return records(items[0] === '*' ? ['query_id', 'state', 'user', 'source', 'query'] : items, rows);
}

function groupedByState(items: string[], rows: readonly RuntimeQuery[]): StatementScript {
  const counts = new Map<string, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  const column = (item: string, at: number): ScriptedColumn => {
    const name = /\bas\s+(\w+)$/i.exec(item)?.[1];
    return /^count/i.test(item)
      ? { name: name ?? `_col${at}`, type: 'bigint' }
      : { name: name ?? item, type: 'varchar' };
  };
  return {
    columns: items.map(column),
    rows: [...counts].map(([state, count]) => items.map((item) => (/^count/i.test(item) ? count : state))),
  };
}

function records(names: string[], rows: readonly Record<string, unknown>[]): StatementScript {
  return {
    columns: names.map((name) => ({ name, type: 'varchar' })),
    rows: rows.map((row) => names.map((name) => row[name] ?? null)),
  };
}

function selectLiterals(sql: string): StatementScript {
  const columns: ScriptedColumn[] = [];
  const row: unknown[] = [];
  for (const [, value = '', name] of sql.slice('select'.length).matchAll(literalItem)) {
    const text = value.startsWith("'");
    columns.push({
      name: name ?? `_col${columns.length}`,
      type: text ? `varchar(${unquote(value).length})` : 'integer',
    });
    row.push(text ? unquote(value) : Number(value));
  }
  return { columns, rows: [row] };
}

function selectTable(match: RegExpExecArray): StatementScript {
  const [, items = '', table = ''] = match;
  const count = tables[table.toLowerCase()];
  if (count === undefined) {
    return userError('TABLE_NOT_FOUND', 46, `line 1:15: Table 'tpch.tiny.${table}' does not exist`);
  }
  if (/^count\(/i.test(items)) return { columns: [{ name: '_col0', type: 'bigint' }], rows: [[count]] };
  const known = tableScripts.get(table.toLowerCase());
  if (known !== undefined) return known;
  const rows = Array.from({ length: count }, (_, at) => [
    at,
    `${table}#${String(at).padStart(9, '0')}`,
    'a comment of some length about this row',
  ]);
  const made: StatementScript = {
    columns: [
      { name: 'key', type: 'bigint' },
      { name: 'name', type: 'varchar(25)' },
      { name: 'comment', type: 'varchar(152)' },
    ],
    rows,
    pages: Math.ceil(count / 7_500),
  };
  tableScripts.set(table.toLowerCase(), made);
  return made;
}

const tableScripts = new Map<string, StatementScript>();

function unquote(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith("'") && trimmed.endsWith("'") ? trimmed.slice(1, -1).replaceAll("''", "'") : trimmed;
}

function literalsAfter(sql: string, pattern: RegExp): string[] {
  return [...(pattern.exec(sql)?.[1] ?? '').matchAll(/'((?:[^']|'')*)'/g)].map((match) => match[1] ?? '');
}

function bind(sql: string, using: string | undefined): string {
  const values = [...(using ?? '').matchAll(/'(?:[^']|'')*'|[^,\s]+/g)].map((match) => match[0]);
  let at = 0;
  return sql.replace(/'(?:[^']|'')*'|\?/g, (found) => (found === '?' ? (values[at++] ?? '?') : found));
}
