import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { type Answer, exchange } from '@trino-gateway/testing/trino-client/exchange';

// http-program.ts URL USER: the protocol itself, to see what no client shows: every link must lead back to URL, or to the
// cluster that clients poll themselves.

const [url = '', user = ''] = process.argv.slice(2);
const setting = (name: string): string => process.env[`MATRIX_${name}`] ?? '';
const password = setting('PASSWORD');
const token = setting('TOKEN');
const login: Record<string, string> =
  token !== ''
    ? { Authorization: `Bearer ${token}` }
    : password === ''
      ? {}
      : { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };

const spooling: Record<string, string> =
  setting('ENCODING') === '' ? {} : { 'X-Trino-Query-Data-Encoding': setting('ENCODING') };

type Segment = {
  metadata: { uncompressedSize?: number; segmentSize: number };
} & (
  | { type: 'inline'; data: string }
  | { type: 'spooled'; uri: string; ackUri: string; headers?: Record<string, string[]> }
);
type Page = {
  nextUri?: string;
  data?: unknown[][] | { encoding: string; segments: Segment[] };
  updateCount?: number;
  error?: { message: string; errorCode: number };
};
type Result = {
  rows: unknown[][];
  changed?: number;
  error?: { message: string; errorCode: number };
  header: (name: string) => string;
};

async function send(
  method: string,
  address: URL,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return exchange(address, {
    method,
    headers: { 'X-Trino-User': user, 'X-Trino-Source': 'client-matrix', ...login, ...spooling, ...headers },
    signal: AbortSignal.timeout(180_000),
    ...(body === undefined ? {} : { body }),
  });
}

function pageOf(answer: Answer): Page {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

const origins = [url, setting('DIRECT_URL') || url].map((one) => new URL(one).origin);

async function rowsOf({ data }: Page): Promise<unknown[][]> {
  if (data === undefined || Array.isArray(data)) return data ?? [];
  const rows: unknown[][] = [];
  for (const segment of data.segments) rows.push(...(await rowsOfSegment(segment)));
  return rows;
}

async function rowsOfSegment(segment: Segment): Promise<unknown[][]> {
  const bytes = segment.type === 'inline' ? Buffer.from(segment.data, 'base64') : await download(segment);
  if (bytes.length !== segment.metadata.segmentSize) throw new Error(`a segment of ${bytes.length} bytes`);
  return JSON.parse(String(segment.metadata.uncompressedSize === undefined ? bytes : zstdDecompressSync(bytes)));
}

/** As clients do it, without credentials. */
async function download({ uri, ackUri, headers = {} }: Extract<Segment, { type: 'spooled' }>): Promise<Buffer> {
  const ends = [...origins, setting('STORAGE_URL')];
  for (const one of [uri, ackUri])
    if (!ends.includes(new URL(one).origin)) throw new Error(`a segment leads away from ${url}: ${one}`);
  const lines = Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(',')]));
  const answer = await fetch(uri, { headers: lines });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const acknowledged = await fetch(ackUri, { headers: lines });
  if (!acknowledged.ok) throw new Error(`ack: ${acknowledged.status} ${await acknowledged.text()}`);
  return bytes;
}

function link(page: Page): URL | undefined {
  if (page.nextUri === undefined) return undefined;
  if (!origins.includes(new URL(page.nextUri).origin))
    throw new Error(`the link leads away from ${url}: ${page.nextUri}`);
  return new URL(page.nextUri);
}

async function run(statement: string, headers: Record<string, string> = {}): Promise<Result> {
  const seen: Answer[] = [await send('POST', new URL('/v1/statement', url), headers, statement)];
  const rows: unknown[][] = [];
  let changed: number | undefined;
  for (let answer = seen[0]; answer !== undefined; ) {
    const page = pageOf(answer);
    rows.push(...(await rowsOf(page)));
    changed = page.updateCount ?? changed;
    const next = link(page);
    if (next === undefined) {
      const header = (name: string) =>
        seen
          .map((one) => one.headers[name])
          .find((value) => value !== undefined)
          ?.toString() ?? '';
      return {
        rows,
        header,
        ...(changed === undefined ? {} : { changed }),
        ...(page.error === undefined ? {} : { error: page.error }),
      };
    }
    answer = await send('GET', next);
    seen.push(answer);
  }
  throw new Error('no answer');
}

async function one(statement: string, headers: Record<string, string> = {}): Promise<unknown> {
  const { rows, error } = await run(statement, headers);
  if (error !== undefined) throw new Error(error.message);
  return rows[0]?.[0];
}

async function digest(): Promise<string> {
  const { rows } = await run(setting('FETCH'));
  return createHash('sha256')
    .update(rows.map((row) => `${row.join('\t')}\n`).join(''))
    .digest('hex');
}

async function prepared(): Promise<unknown> {
  const { header } = await run(`PREPARE matrix FROM ${setting('PREPARED')}`);
  const headers = { 'X-Trino-Prepared-Statement': header('x-trino-added-prepare') };
  return one(`EXECUTE matrix USING ${setting('PREPARED_VALUE')}`, headers);
}

async function session(): Promise<unknown> {
  const { header } = await run(setting('SET_SESSION'));
  return (await run(setting('SHOW_SESSION'), { 'X-Trino-Session': header('x-trino-set-session') })).rows[0]?.[1];
}

async function write(): Promise<string> {
  const created = (await run(setting('CREATE'))).changed;
  const inserted = (await run(setting('INSERT'))).changed;
  const counted = await one(setting('COUNT_WRITTEN'));
  await run(setting('DROP'));
  return `${created} ${inserted} ${counted}`;
}

async function transaction(): Promise<unknown> {
  const began = await run('START TRANSACTION', { 'X-Trino-Transaction-Id': 'NONE' });
  const inside = { 'X-Trino-Transaction-Id': began.header('x-trino-started-transaction-id') };
  const value = await one(setting('IN_TRANSACTION'), inside);
  const ended = await run('COMMIT', inside);
  return ended.header('x-trino-clear-transaction-id') === 'true' ? value : 'COMMIT did not clear the transaction';
}

/** Deletes the newest link when told that the query runs; the query's own last page then says what became of it. */
async function cancel(): Promise<string> {
  console.log('running');
  let isRunning = false;
  process.stdin.once('data', () => {
    isRunning = true;
  });
  let page = pageOf(await send('POST', new URL('/v1/statement', url), {}, setting('LONG')));
  for (;;) {
    const next = link(page);
    if (next === undefined) return 'finished';
    if (!isRunning) {
      page = pageOf(await send('GET', next));
      continue;
    }
    const { status } = await send('DELETE', next);
    const last = pageOf(await send('GET', next));
    return status === 204 && last.error?.errorCode === 3
      ? 'canceled'
      : `DELETE ${status}, then ${JSON.stringify(last.error)}`;
  }
}

const only = setting('ONLY');

async function report(name: string, produce: () => Promise<unknown>): Promise<void> {
  if (only !== '' && !only.split(',').includes(name)) return;
  const value = await produce().catch((error: unknown) => `error: ${String(error).replace(/\s+/g, ' ')}`);
  console.log(`${name}\t${value}`);
}

await report('select-1', () => one(setting('ONE')));
await report('count', () => one(setting('COUNT')));
await report('fetch-15000', digest);
await report('prepared', prepared);
await report('session', session);
await report('write', write);
await report('error-message', async () => (await run(setting('FAILING'))).error?.message);
await report('error-code', async () => (await run(setting('FAILING'))).error?.errorCode);
await report('transaction', transaction);
await report('head-statement', async () => (await send('HEAD', new URL('/v1/statement', url))).status);
await report('info', async () => JSON.parse((await send('GET', new URL('/v1/info', url))).body).starting);
await report('cancel', cancel);
process.exit();
