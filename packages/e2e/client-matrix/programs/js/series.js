// series.js URLS USER: at each address, the statements of the file MATRIX_SERIES.0, .1 … one after the other by one trino-client; what
// became of each leaves as "address TAB name TAB outcome".
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import trinoClient from 'trino-client';

const { BasicAuth, Trino } = trinoClient;
const [urls = '', user] = process.argv.slice(2);

/** Long text by its length and digest. */
function short(value) {
  const text = JSON.stringify(value);
  return text.length < 4_000 ? text : `${text.length} characters, ${createHash('sha256').update(text).digest('hex')}`;
}

/** Rows that come in any order. */
async function summed(pages) {
  let count = 0;
  let total = 0;
  for await (const { data = [] } of pages)
    for (const row of data) {
      count += 1;
      total += crc32(row.join('\t'));
    }
  return `${count} rows, ${total}`;
}

async function outcome(trino, name, sql) {
  const result = { rows: [] };
  const pages = await trino.query(sql);
  if (name.startsWith('sum')) return summed(pages);
  for await (const { columns, data = [], updateType, updateCount, error } of pages) {
    if (error) return short(['failed', { ...error, failureInfo: undefined }]);
    result.rows.push(...data);
    Object.assign(result, columns && { columns }, updateType && { updateType }, updateCount && { updateCount });
  }
  return short(result);
}

for (const [at, server] of urls.split(',').entries()) {
  const trino = Trino.create({ server, auth: new BasicAuth(user) });
  const text = await readFile(`${process.env.MATRIX_SERIES}.${at}`, 'utf8');
  for (const [name, sql] of text.split('\x1e').map((one) => one.split('\x1f'))) {
    const became = await outcome(trino, name, sql).catch(({ message, response }) =>
      short(['error', message, response?.data]),
    );
    console.log(`${at}\t${name}\t${became}`);
  }
}
