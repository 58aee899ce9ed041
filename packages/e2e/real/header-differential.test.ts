import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type StatementKind, sqlTokens, statementKind, statementSession } from '@trino-gateway/sql';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import {
  clientTags,
  credentialsProblem,
  preparedStatement,
  preparedStatementsProblem,
  querySource,
  sessionUser,
  statementBodyProblem,
  transactionHeader,
} from '@trino-gateway/trino';
import {
  bodyCases,
  inTwoSets,
  passedOnCases,
  preparedCases,
  sessionCases,
  statementCases,
  type Verdict,
} from './header-cases.ts';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';
import {
  type NodeReader,
  postRaw,
  type RawRequest,
  readByTrino,
  startNodeReader,
  type TrinoReading,
} from './two-readers.ts';

// The same bytes to a real Trino and to our readers: both must read the same, or one of them refuses.
const user = 'X-Trino-User: base';
/** So much of a source history keeps. */
const HISTORY_SOURCE = 256;
let trino: SharedCluster;
let node: NodeReader;

beforeAll(async () => {
  trino = await sharedCluster('accepting');
  node = await startNodeReader();
}, 600_000);

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
}, 60_000);

/** Our reading of a request; undefined where we refuse it. */
async function ours<T>(
  request: RawRequest,
  read: (rawHeaders: string[], body: Buffer) => T | undefined,
): Promise<T | undefined> {
  const got = await node.read(request);
  return got && read(got.rawHeaders, got.body);
}

const direct = new Map<readonly string[], Promise<TrinoReading>>();

/** What Trino makes of `SELECT 1` with these lines, asked once. */
function readDirectly(lines: readonly string[]): Promise<TrinoReading> {
  const reading = direct.get(lines) ?? readByTrino(trino.url, { lines, body: 'SELECT 1' });
  direct.set(lines, reading);
  return reading;
}

/** One of three: nothing else may happen. */
function verdictOf(theirs: unknown, mine: unknown): Verdict {
  if (mine === undefined) return 'we refuse';
  if (theirs === undefined) return 'Trino refuses';
  expect(mine).toEqual(theirs);
  return 'alike';
}

test.each(sessionCases)('the session of %s', async (_, lines, verdict) => {
  const request = { lines, body: 'SELECT 1' };
  const reading = await readDirectly(lines);
  const open = /^Unknown transaction ID: ([-0-9a-f]+)/;
  const theirs = reading.refusal === undefined && {
    user: reading.session.user,
    source: reading.session.source || undefined,
    tags: reading.session.clientTags,
    transaction: open.exec(reading.error?.message ?? '')?.[1],
  };
  const mine = await ours(request, (rawHeaders) => {
    const transaction = transactionHeader(rawHeaders);
    if (transaction.kind === 'malformed' || credentialsProblem(rawHeaders) !== undefined) return undefined;
    return {
      user: sessionUser(rawHeaders),
      source: querySource(rawHeaders),
      tags: clientTags(rawHeaders),
      transaction: transaction.kind === 'open' ? transaction.id : undefined,
    };
  });
  expect(verdictOf(theirs || undefined, mine)).toBe(verdict);
});

test.each(preparedCases)('X-Trino-Prepared-Statement %s', async (_, lines, verdict, name = 'p') => {
  const request = { lines: [user, ...lines], body: `EXECUTE ${name}` };
  const reading = await readByTrino(trino.url, request);
  const value = reading.refusal === undefined && reading.error === undefined ? reading.value : undefined;
  const mine = await ours(request, (rawHeaders, body) => {
    const { preparedStatements = [] } = statementSession(rawHeaders);
    if (preparedStatementsProblem(preparedStatements) !== undefined) return undefined;
    const [, token] = sqlTokens(body.toString());
    const sql = token !== undefined && 'text' in token ? preparedStatement(preparedStatements, token.text) : undefined;
    return { sql: sql?.trim() };
  });
  const theirs =
    value === undefined ? undefined : { sql: `SELECT ${typeof value === 'string' ? `'${value}'` : value}` };
  expect(verdictOf(theirs, mine)).toBe(verdict);
});

/** What a statement did to Trino; undefined when it would not run it. */
function kindByTrino(reading: TrinoReading): StatementKind['kind'] | undefined {
  if (reading.refusal !== undefined) return undefined;
  const { error, updateType } = reading;
  if (error?.message.startsWith('Target query not found: ')) return 'killQuery';
  if (error?.errorName === 'NOT_IN_TRANSACTION') return 'endTransaction';
  if (error !== undefined) return undefined;
  return updateType === 'START TRANSACTION' ? 'startTransaction' : 'other';
}

test.each(statementCases.map(([sql, ...more]) => [sql.replace(/ {80,}/, ' … '), sql, ...more] as const))(
  'what %j does',
  async (_, statement, verdict, lines = []) => {
    const request = { lines: [user, 'X-Trino-Transaction-Id: NONE', ...lines], body: statement };
    const reading = await readByTrino(trino.url, request);
    const mine = await ours(request, (rawHeaders, body) => {
      const kind = statementKind(body.toString(), statementSession(rawHeaders));
      return kind.kind === 'unreadable' ? undefined : kind;
    });
    expect(verdictOf(kindByTrino(reading), mine?.kind)).toBe(verdict);
    if (verdict !== 'alike' || mine?.kind !== 'killQuery' || mine.queryId === undefined) return;
    expect(reading).toMatchObject({ error: { message: `Target query not found: ${mine.queryId}` } });
  },
);

/** How many U+FFFD stand for bytes that are no UTF-8 is told apart by nothing that decides. */
const withoutCounting = (text: string) => text.replace(/\ufffd+/g, '\ufffd');

test.each(bodyCases)('the text of a body of %s', async (_, lines, body, verdict) => {
  const request = { lines: [user, ...lines], body };
  const reading = await readByTrino(trino.url, request);
  const mine = await ours(request, (rawHeaders, bytes) =>
    statementBodyProblem(rawHeaders, bytes) === undefined ? withoutCounting(bytes.toString()) : undefined,
  );
  expect(verdictOf(reading.refusal === undefined ? withoutCounting(reading.query) : undefined, mine)).toBe(verdict);
});

test('a character set makes another statement of the same bytes', async () => {
  const as = (charset: string) => ({ lines: [user, `Content-Type: text/plain; charset=${charset}`], body: inTwoSets });
  expect(kindByTrino(await readByTrino(trino.url, as('utf-8')))).toBeUndefined();
  expect(await readByTrino(trino.url, as('iso-2022-jp'))).toMatchObject({ value: 'another' });
  expect(statementKind(inTwoSets).kind).toBe('endTransaction');
});

describe('through the router', () => {
  let suite: Suite;

  beforeAll(async () => {
    suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' } });
    await suite.addBackends({ one: trino.url });
    await suite.addGroup('all', ['one']);
  }, 240_000);

  afterAll(async () => {
    await suite?.[Symbol.asyncDispose]();
  }, 60_000);

  /** What a session has whoever passes it on. */
  function comparable(reading: TrinoReading) {
    if (reading.refusal !== undefined) return { status: reading.refusal.status };
    const { queryId, transactionId, start, querySpan, remoteUserAddress, ...session } = reading.session;
    return { session, error: reading.error?.errorName };
  }

  const weRefuse = new Set(sessionCases.flatMap(([title, , verdict]) => (verdict === 'we refuse' ? [title] : [])));

  test('case 27, 28, 29, 30: Trino has the same session, and history the same user, source and tags', async () => {
    const known = new Map<string, unknown>();
    for (const [title, lines] of [...sessionCases, ...passedOnCases]) {
      const request = { lines, body: 'SELECT 1' };
      if (weRefuse.has(title)) {
        expect([title, (await postRaw(suite.router.url, request)).status]).toEqual([title, 400]);
        continue;
      }
      const directly = comparable(await readDirectly(lines));
      const reading = await readByTrino(suite.router.url, request, trino.url);
      expect({ title, ...comparable(reading) }).toEqual({ title, ...directly });
      if (reading.refusal !== undefined) continue;
      const { user: name, source = '', clientTags: tags } = reading.session;
      known.set(reading.id, { user: name, source: source.slice(0, HISTORY_SOURCE), tags });
    }
    const history = new Map<string, unknown>();
    await until('history to have them', async () => {
      type Kept = { trinoQueryId: string; user: string; source?: string; clientTags?: string[] };
      const { queries } = await suite.call<{ queries: Kept[] }>('QueryService/ListQueries', { pageSize: 500 });
      for (const { trinoQueryId, user: name, source = '', clientTags: tags = [] } of queries)
        if (known.has(trinoQueryId)) history.set(trinoQueryId, { user: name, source, tags });
      return history.size === known.size;
    });
    expect(history).toEqual(known);
  }, 120_000);
});
