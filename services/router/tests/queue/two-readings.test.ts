import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { pageOf, post, run, user } from '../support/client.ts';
import { isWaiting, onlyWaiter, posted, type QueueBed, startQueueBed } from '../support/queue-bed.ts';

// A cluster whose only slot is taken. What must not wait goes past that; nothing may pass for it that the cluster reads as
// something else.

/** A kill of a query of the cluster, which goes to its coordinator past every limit; urlencoded. */
async function killOf(bed: QueueBed): Promise<string> {
  bed.admission.slots.trino = 2;
  const { last } = await run(bed.router.url, 'SELECT 1');
  bed.admission.slots.trino = 1;
  return encodeURIComponent(`CALL system.runtime.kill_query('${last.id}')`).replaceAll("'", '%27');
}

const prepared = (...lines: string[]) => lines.flatMap((line) => ['X-Trino-Prepared-Statement', line]);
const select = 'SELECT+%27past+the+limit%27';

test.each<[string, string, (kill: string) => string[]]>([
  ['twice in one line', 'EXECUTE p', (kill) => prepared(`p=${kill},p=${select}`)],
  ['in two lines', 'EXECUTE p', (kill) => prepared(`p=${kill}`, `p=${select}`)],
  ['with blanks around', 'EXECUTE p', (kill) => prepared(`p=${kill} , p = ${select}`)],
  ['after U+0085, which Trino trims', 'EXECUTE p', (kill) => prepared(`p=${kill},\u0085p=${select}`)],
])('of a name prepared %s the last one counts for the queue, too', async (_, statement, headersFor) => {
  await using bed = await startQueueBed();
  const kill = await killOf(bed);
  const reply = await post(bed.router.url, statement, [...user, ...headersFor(kill)]);
  expect(isWaiting(reply)).toBe(true);
  expect(posted(bed.trino)).toHaveLength(1);
  expect(bed.router.routes.at(-1)?.boundBackendId).toBe('');
  expect(onlyWaiter(bed.admission)?.id).toBe(pageOf(reply).id);
});

test('a kill that is prepared last is bound to its coordinator', async () => {
  await using bed = await startQueueBed();
  const kill = await killOf(bed);
  const reply = await post(bed.router.url, 'EXECUTE p', [...user, ...prepared(`p=${select},p=${kill}`)]);
  expect(isWaiting(reply)).toBe(false);
  expect(bed.router.routes.at(-1)?.boundBackendId).toBe('trino');
});

test.each<[string, (kill: string) => string[], string]>([
  [
    'a name that is spelled in two ways',
    (kill) => prepared(`%70=${kill},p=${select}`),
    'Invalid X-Trino-Prepared-Statement header: a name is spelled in two ways',
  ],
  [
    'a name whose bytes are no UTF-8',
    (kill) => prepared(`%ff=${kill},p=${select}`),
    'Invalid X-Trino-Prepared-Statement header: a name is not UTF-8',
  ],
  ['an item with two =', (kill) => prepared(`p=${kill},p=${select}=`), 'Invalid X-Trino-Prepared-Statement header'],
  ['an item without =', (kill) => prepared(`p=${kill},p`), 'Invalid X-Trino-Prepared-Statement header'],
  [
    'a transaction id that Trino would fill up with zeros',
    () => ['X-Trino-Transaction-Id', '1-2-3-4-5'],
    'Invalid UUID string: 1-2-3-4-5',
  ],
])('%s is refused before any cluster is asked', async (_, headersFor, message) => {
  await using bed = await startQueueBed();
  const kill = await killOf(bed);
  const asked = bed.router.routes.length;
  const reply = await post(bed.router.url, 'EXECUTE p', [...user, ...headersFor(kill)]);
  expect(reply).toMatchObject({ status: 400, text: `Error 400 Bad Request: ${message}` });
  expect(posted(bed.trino)).toHaveLength(1);
  expect(bed.router.routes).toHaveLength(asked);
});

// In ISO-2022-JP the bytes between the escapes are pairs: the comment ends where UTF-8 does not see it, after COMMIT.
const inTwoSets = "/*\u001b$B*/COMMIT/*\u001b(B*/ SELECT 'past the limit'";

test.each<[string, string | Buffer, string[]]>([
  ['iso-2022-jp', inTwoSets, ['Content-Type', 'text/plain; charset=iso-2022-jp']],
  ['utf-16le', Buffer.from('SELECT 1', 'utf16le'), ['Content-Type', 'text/plain;charset="UTF-16LE"']],
  ['two sets', 'SELECT 1', ['Content-Type', 'text/plain; charset=utf-8; charset=iso-2022-jp']],
  ['two types', 'SELECT 1', ['Content-Type', 'text/plain', 'Content-Type', 'text/plain; charset=iso-2022-jp']],
  ['Latin-1 beyond ASCII', "SELECT '\u00e9'", ['Content-Type', 'text/plain; charset=ISO-8859-1']],
])('a statement in a character set that is not UTF-8 (%s) is refused', async (_, statement, headers) => {
  await using bed = await startQueueBed();
  expect(await post(bed.router.url, statement, [...user, ...headers])).toMatchObject({
    status: 415,
    text: expect.stringMatching(/^Error 415 Unsupported Media Type: A statement must be UTF-8 text: .*"text\/plain/),
  });
  expect(posted(bed.trino)).toEqual([]);
});

test.each([
  ['identity', 'gzip'],
  ['gzip', 'identity'],
  ['', 'x-gzip'],
])('a compressed statement with the encodings %j and %j is refused', async (...encodings) => {
  await using bed = await startQueueBed();
  const headers = encodings.flatMap((encoding) => ['Content-Encoding', encoding]);
  expect(await post(bed.router.url, gzipSync('SELECT 1'), [...user, ...headers])).toMatchObject({
    status: 415,
    text: expect.stringContaining('A statement must be plain text'),
  });
});

test('a header of the user that is named in Connection still counts, for the decision and for the cluster', async () => {
  await using bed = await startQueueBed({ taken: 0 });
  const headers = ['X-Trino-User', 'alice', 'X-Trino-Client-Tags', 'etl', 'X-Team', 'a'];
  await post(bed.router.url, 'SELECT 1', [...headers, 'Connection', 'X-Trino-User, X-Trino-Client-Tags, X-Team']);
  const [submitted] = posted(bed.trino);
  expect(submitted?.rawHeaders.join(' ')).toContain('X-Trino-User alice X-Trino-Client-Tags etl Content-Length');
  const [asked] = bed.router.routes;
  expect(asked?.user).toBe('alice');
  expect(asked?.headers).toContainEqual(expect.objectContaining({ name: 'X-Trino-Client-Tags', value: 'etl' }));
});

test('where the first line of a header is too long for a decision, no later line is taken for it', async () => {
  await using bed = await startQueueBed({ taken: 0 });
  const tags = ['X-Trino-Client-Tags', 'b'.repeat(70_000), 'x-trino-client-tags', 'etl'];
  await post(bed.router.url, 'SELECT 1', [...user, ...tags]);
  expect(bed.router.routes[0]?.headers?.map(({ name }) => name?.toLowerCase())).toEqual(['x-trino-user']);
});
