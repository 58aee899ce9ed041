import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { run, send, session, type WireAnswer } from '@trino-gateway/testing/protocol/wire';
import { postRaw, readByTrino } from '../../real/two-readers.ts';
import { outcome } from '../support/as-directly.ts';
import { clusterKinds, type Stage, TAGGED } from '../support/stage.ts';

const USER = 'X-Trino-User: e2e';

/** What clients say in headers, and what comes back in them. */
export function describeHeaders(stage: () => Stage): void {
  describeFamilies(stage);
  describeCapabilities(stage);
  const direct = (kind: (typeof clusterKinds)[number]) => stage().clusters[kind].url;

  test('case 24: prepared statements of any length pass both ways', async () => {
    for (const [kind, length] of prepared) {
      // Of letters that do not compress well: the header stays long.
      const sql = `SELECT length('${randomBytes(length / 2).toString('hex')}')`;
      const through = await run(stage().through(kind), `PREPARE p FROM ${sql}`);
      const added = lines(through.answers, 'x-trino-added-prepare')[0] ?? '';
      const expected = await run(direct(kind), `PREPARE p FROM ${sql}`);
      expect(added).toBe(lines(expected.answers, 'x-trino-added-prepare')[0]);
      const headers = { ...session, 'X-Trino-Prepared-Statement': added };
      expect((await outcome(stage().through(kind), 'EXECUTE p', headers)).rows).toEqual([[length]]);
      const gone = await run(stage().through(kind), 'DEALLOCATE PREPARE p', headers);
      expect(lines(gone.answers, 'x-trino-deallocated-prepare')[0]).toBe('p');
    }
  });

  test('case 26: a megabyte of headers passes, more than two are refused, and the router goes on', async () => {
    const url = stage().through('accepting');
    const { pid } = stage().suite.router;
    for (const length of [8_192, 65_536, 1_048_576]) {
      const reading = await readByTrino(
        url,
        { lines: [USER, ...filled(length)], body: 'SELECT 26' },
        direct('accepting'),
      );
      expect([length, 'value' in reading && reading.value]).toEqual([length, 26]);
    }
    const request = { lines: [USER, ...filled(2_621_440)], body: 'SELECT 26' };
    expect((await postRaw(url, request)).status).toBe(431);
    expect((await postRaw(direct('accepting'), request)).status).toBe(431);
    expect((await outcome(url, 'SELECT 26')).rows).toEqual([[26]]);
    expect(stage().suite.router.pid).toBe(pid);
  });

  test('case 27: of client tags the first line counts, as in the cluster, and a tag that a rule adds stands beside them', async () => {
    const tags = [USER, 'X-Trino-Client-Tags: a,a,b,', 'X-Trino-Client-Tags: c'];
    const read = async (url: string, more: string[] = []) => {
      const reading = await readByTrino(url, { lines: [...tags, ...more], body: 'SELECT 27' }, direct('accepting'));
      return 'session' in reading ? reading.session.clientTags.toSorted() : reading.refusal;
    };
    expect(await read(direct('accepting'))).toEqual(['a', 'b']);
    expect(await read(stage().through('accepting'))).toEqual(['a', 'b']);
    const tagged = [`X-Trino-Source: ${TAGGED.source}`];
    expect(await read(stage().through('accepting'), tagged)).toEqual(['a', TAGGED.tag, 'b']);
  });

  test.each(malformed)('case 28: %s is refused in the words of the cluster', async (_, ...own) => {
    for (const kind of clusterKinds) {
      const request = { lines: [USER, ...own], body: 'SELECT 28' };
      const expected = await postRaw(direct(kind), request);
      expect(expected.status).toBe(400);
      expect(await postRaw(stage().through(kind), request)).toEqual(expected);
    }
  });

  test('case 29: empty headers, those in two lines, in odd letter case, and five hundred that nobody knows are no matter', async () => {
    const many = Array.from({ length: 500 }, (_, at) => `X-Unknown-${at}: ${at}`);
    const odd = ['x-TRINO-uSER: e2e', 'X-Trino-User: other', 'x-trino-SOURCE: odd'];
    const empty = ['Session', 'Client-Info', 'Role', 'Prepared-Statement', 'Extra-Credential', 'Resource-Estimate'];
    for (const own of [[USER, ...empty.map((name) => `X-Trino-${name}:`)], odd, [USER, ...many]]) {
      const request = { lines: own, body: 'SELECT 29' };
      const expected = await readByTrino(direct('accepting'), request);
      const reading = await readByTrino(stage().through('accepting'), request, direct('accepting'));
      const shown = (one: typeof reading) =>
        'session' in one ? [one.value, one.session.user, one.session.source] : one.refusal;
      expect(shown(expected)).toEqual([29, 'e2e', own === odd ? 'odd' : undefined]);
      expect(shown(reading)).toEqual(shown(expected));
    }
  });
}

function describeFamilies(stage: () => Stage): void {
  const direct = (kind: (typeof clusterKinds)[number]) => stage().clusters[kind].url;

  test('case 30: bytes above ASCII are recorded as from a client of the cluster', async () => {
    const bytes = String.fromCharCode(...Array.from({ length: 0x60 }, (_, at) => at + 0xa0));
    const low = String.fromCharCode(...Array.from({ length: 0x20 }, (_, at) => at + 0x80));
    const credentials = Buffer.from(`us\u00e9r\u00ff:`, 'latin1').toString('base64');
    const own = [`X-Trino-Source: s${low}${bytes}`, `X-Trino-Client-Info: i${bytes}${low}i`];
    for (const user of [USER, `Authorization: Basic ${credentials}`]) {
      const request = { lines: [user, ...own], body: 'SELECT 30' };
      const expected = await readByTrino(direct('accepting'), request);
      const reading = await readByTrino(stage().through('accepting'), request, direct('accepting'));
      if (!('session' in expected && 'session' in reading)) throw new Error('one of them was refused');
      const { user: name, source, clientInfo } = expected.session;
      expect(source).toContain('\u00e9');
      expect(reading.session).toMatchObject({ user: name, source, clientInfo });
    }
  });

  test('case 31: clients that say X-Presto are understood, and answered so; both families are refused as by a cluster that knows both', async () => {
    for (const kind of clusterKinds) {
      const presto = { 'X-Presto-User': 'e2e', 'X-Presto-Transaction-Id': 'NONE' };
      const set = await fetchAll(stage().through(kind), "SET SESSION query_max_run_time = '31m'", presto);
      expect(new Set(lines(set, 'x-presto-set-session'))).toEqual(new Set(['query_max_run_time=31m']));
      expect(lines(set, 'x-trino-set-session')).toEqual([]);
      const headers = { ...presto, 'X-Presto-Session': 'query_max_run_time=31m' };
      const shown = await fetchAll(stage().through(kind), "SHOW SESSION LIKE 'query_max_run_time'", headers);
      expect(shown.flatMap(rowsOf)).toEqual([expect.arrayContaining(['31m'])]);
    }
    const both = { lines: [USER, 'X-Presto-User: e2e'], body: 'SELECT 31' };
    // This cluster has the option. Without authentication it asks for a user, as of a request that it cannot read.
    expect([400, 401]).toContain((await postRaw(direct('rejecting'), both)).status);
    const text = 'Error 400 Bad Request: Both Trino and Presto headers detected';
    for (const kind of clusterKinds) expect(await postRaw(stage().through(kind), both)).toEqual({ status: 400, text });
  });

  test('case 32: what a stranger says of forwarding counts for nothing, and the internal credential does not pass', async () => {
    const evil = [
      'X-Forwarded-Host: evil',
      'X-Forwarded-Proto: https',
      'X-Forwarded-For: 1.2.3.4',
      'X-Real-IP: 1.2.3.4',
    ];
    const own = [...evil, 'Forwarded: host=evil;proto=https;for=1.2.3.4', 'X-Trino-Internal-Bearer: forged'];
    for (const kind of clusterKinds) {
      const url = stage().through(kind);
      const { status, text } = await postRaw(url, { lines: [USER, ...own], body: 'SELECT 32' });
      expect(status).toBe(200);
      const { nextUri } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { nextUri: string };
      expect(new URL(nextUri).origin).toBe(url);
      const reading = await readByTrino(url, { lines: [USER, ...own], body: 'SELECT 32' }, direct(kind));
      expect(reading).toMatchObject({ value: 32, session: { user: 'e2e', remoteUserAddress: '127.0.0.1' } });
    }
    const forged = { lines: [USER, 'X-Trino-Internal-Bearer: forged'], body: 'SELECT 32' };
    expect((await postRaw(direct('accepting'), forged)).status).not.toBe(200);
  });
}

function describeCapabilities(stage: () => Stage): void {
  const direct = (kind: (typeof clusterKinds)[number]) => stage().clusters[kind].url;

  test('case 33: types follow what a client says that it can', async () => {
    const sql = "SELECT timestamp '2020-01-01 00:00:00.123456789', time '01:02:03.123456789'";
    for (const kind of clusterKinds)
      for (const able of [{}, { 'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME' }]) {
        const expected = await outcome(direct(kind), sql, { ...session, ...able });
        expect(await outcome(stage().through(kind), sql, { ...session, ...able })).toEqual(expected);
        const precise = 'X-Trino-Client-Capabilities' in able;
        expect(expected.columns).toMatchObject([{ type: precise ? 'timestamp(9)' : 'timestamp' }, {}]);
      }
  });

  test.each(['identity', 'gzip', 'gzip, deflate', 'br', 'zstd', undefined])(
    'case 34: a big result for a client that accepts %s is what it says',
    async (accepts) => {
      const sql = "SELECT n, 'a text of number ' || CAST(n AS varchar) FROM UNNEST(sequence(1, 5000)) AS t(n)";
      const accept: Record<string, string> = accepts === undefined ? {} : { 'Accept-Encoding': accepts };
      for (const kind of clusterKinds) {
        const read = async (url: string) => {
          const answers = await fetchAll(url, sql, { ...session, ...accept });
          const encodings = new Set(answers.map((answer) => answer.headers['content-encoding']));
          return { rows: answers.flatMap(rowsOf), encodings };
        };
        const expected = await read(direct(kind));
        expect(expected.rows).toHaveLength(5_000);
        expect(await read(stage().through(kind))).toEqual(expected);
      }
    },
  );
}

const prepared = [
  ['accepting', 100],
  ['rejecting', 3_000],
  ['accepting', 300_000],
  ['rejecting', 300_000],
] as const;

const malformed: [title: string, ...lines: string[]][] = [
  ['a session property without =', 'X-Trino-Session: query_priority'],
  ['a session property with two =', 'X-Trino-Session: query_priority=1=2'],
  ['a broken escape', 'X-Trino-Session: query_priority=%zz'],
  ['an unknown resource estimate', 'X-Trino-Resource-Estimate: LUCK=1s'],
  ['a schema without catalog', 'X-Trino-Schema: tiny'],
  ['a transaction id that is none', 'X-Trino-Transaction-Id: nonsense'],
  ['a transaction id that is too long', `X-Trino-Transaction-Id: ${'a'.repeat(37)}`],
  ['a prepared statement with a syntax error', 'X-Trino-Prepared-Statement: p=SELEC+1'],
  ['an internal credential', 'X-Trino-Extra-Credential: internal$a=1'],
];

/** Header lines of about so many bytes in all. */
function filled(bytes: number): string[] {
  const each = 4_096;
  return Array.from({ length: bytes / each }, (_, at) => `X-Filler-${at}: ${'f'.repeat(each - 20)}`);
}

/** The values of all lines of this name, in order. */
function lines(answers: readonly WireAnswer[], name: string): string[] {
  return answers.flatMap(({ rawHeaders }) =>
    rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name),
  );
}

/** Every answer of a statement, the first included; all of them true about their length. */
async function fetchAll(url: string, sql: string, own: Record<string, string>): Promise<WireAnswer[]> {
  const headers = { ...own, Connection: 'keep-alive' };
  const all: WireAnswer[] = [];
  for (let link: string | undefined; ; ) {
    const answer = link ? await send('GET', link, headers) : await send('POST', `${url}/v1/statement`, headers, sql);
    expect(answer.status).toBe(200);
    const length = answer.headers['content-length'];
    if (length === undefined) expect(answer.headers['transfer-encoding']).toBe('chunked');
    else expect(Number(length)).toBe(answer.body.length);
    all.push(answer);
    const { nextUri } = decoded(answer);
    if (typeof nextUri !== 'string') return all;
    link = nextUri;
  }
}

const rowsOf = (answer: WireAnswer) => (decoded(answer).data as unknown[] | undefined) ?? [];

const decoders: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  identity: (bytes) => bytes,
};

/** The page, by what the answer says of its encoding. */
function decoded({ headers, body }: WireAnswer): Record<string, unknown> {
  const decode = decoders[String(headers['content-encoding'] ?? 'identity')];
  if (decode === undefined) throw new Error(`an unknown encoding: ${headers['content-encoding']}`);
  return JSON.parse(decode(body).toString()) as Record<string, unknown>;
}
