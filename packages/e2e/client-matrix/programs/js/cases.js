// cases.js URL USER: the official trino-client. Statements come from MATRIX_*, results leave as "case TAB value".
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import trinoClient from 'trino-client';

const { BasicAuth, Trino } = trinoClient;
const [server, user] = process.argv.slice(2);
const setting = (name) => process.env[`MATRIX_${name}`];
const trino = Trino.create({
  server,
  // It knows passwords only: a token goes as a header of the caller's.
  ...(process.env.MATRIX_TOKEN === undefined
    ? { auth: new BasicAuth(user, process.env.MATRIX_PASSWORD) }
    : { extraHeaders: { 'X-Trino-User': user, Authorization: `Bearer ${process.env.MATRIX_TOKEN}` } }),
  ssl: { rejectUnauthorized: false },
});

async function report(name, produce) {
  if (setting('ONLY') !== undefined && !setting('ONLY').split(',').includes(name)) return;
  const value = await produce().catch((error) => `error: ${String(error).replace(/\s+/g, ' ')}`);
  console.log(`${name}\t${value}`);
}

async function run(statement) {
  const result = { rows: [], changed: undefined };
  for await (const page of await trino.query(statement)) {
    if (page.error) {
      const { message, errorCode: code, errorName: name } = page.error;
      throw Object.assign(new Error(message), { code, name });
    }
    result.rows.push(...(page.data ?? []));
    result.changed = page.updateCount ?? result.changed;
  }
  return result;
}

const one = async (statement) => (await run(statement)).rows[0]?.[0];

async function digest() {
  const { rows } = await run(setting('FETCH'));
  return createHash('sha256')
    .update(rows.map((row) => `${row.join('\t')}\n`).join(''))
    .digest('hex');
}

/** The MD5 of rows that are read page by page. */
async function streamed() {
  const digest = createHash('md5');
  for await (const { data = [], error } of await trino.query(setting('ROWS'))) {
    if (error) throw new Error(error.message);
    digest.update(data.map((row) => `${row.join('\t')}\n`).join(''));
  }
  return digest.digest('hex');
}

async function prepared() {
  await run(`PREPARE matrix FROM ${setting('PREPARED')}`);
  return one(`EXECUTE matrix USING ${setting('PREPARED_VALUE')}`);
}

async function session() {
  await run(setting('SET_SESSION'));
  return (await run(setting('SHOW_SESSION'))).rows[0][1];
}

async function write() {
  const created = (await run(setting('CREATE'))).changed;
  const inserted = (await run(setting('INSERT'))).changed;
  const counted = await one(setting('COUNT_WRITTEN'));
  await run(setting('DROP'));
  return `${created} ${inserted} ${counted}`;
}

async function failure() {
  return run(setting('FAILING')).then(
    () => new Error('no error'),
    (error) => error,
  );
}

async function cancel() {
  const slow = await trino.query(setting('LONG'));
  const ended = (async () => {
    for await (const page of slow) if (page.error) return 'canceled';
    return 'finished';
  })();
  console.log('running');
  await once(process.stdin, 'data'); // comes when the server says that the query runs
  await trino.cancel(slow.iter.queryResult.id);
  return Promise.race([ended, sleep(30_000, 'still running')]);
}

// Each line of MATRIX_MANY instead, all at the same time.
if (setting('MANY') !== undefined) {
  await Promise.all(
    setting('MANY')
      .split('\n')
      .map((statement, number) => report(number, () => one(statement))),
  );
  process.exit();
}
await report('select-1', () => one(setting('ONE')));
await report('count', () => one(setting('COUNT')));
await report('fetch-15000', digest);
if (setting('ROWS') !== undefined) await report('rows', streamed);
await report('prepared', prepared);
await report('session', session);
await report('write', write);
await report('error-message', async () => (await failure()).message);
await report('error-code', async () => (await failure()).code);
await report('transaction', async () => '-'); // it cannot: it sends no transaction id
await report('cancel', cancel);
process.exit();
