import { expect, test } from '@jest/globals';
import { parsePageError } from '../errors/page-error.ts';
import { httpErrorText, killedMessage, trinoErrors, unknownTransactionMessage } from '../errors/trino-errors.ts';
import { failedPage, queuedPage } from './gateway-pages.ts';
import { PageScanner } from './page-scanner.ts';

const id = '20261121_080808_00130_0abcd';
const infoUri = `https://gw/ui/query.html?${id}`;
const statsKeys =
  'state queued scheduled nodes totalSplits queuedSplits runningSplits completedSplits planningTimeMillis analysisTimeMillis cpuTimeMillis ' +
  'wallTimeMillis queuedTimeMillis elapsedTimeMillis finishingTimeMillis physicalInputTimeMillis processedRows processedBytes ' +
  'physicalInputBytes physicalWrittenBytes internalNetworkInputBytes peakMemoryBytes spilledBytes';

test('a QUEUED page has exactly the keys of a real one, in its order', () => {
  const page = JSON.parse(
    queuedPage({ id, infoUri, nextUri: 'https://gw/v1/statement/queued/x/y/1', elapsedMillis: 12.6, queuedMillis: -3 }),
  );
  expect(Object.keys(page)).toEqual(['id', 'infoUri', 'nextUri', 'stats', 'warnings']);
  expect(Object.keys(page.stats)).toEqual(statsKeys.split(' '));
  expect(page.stats).toMatchObject({
    state: 'QUEUED',
    queued: true,
    scheduled: false,
    elapsedTimeMillis: 13,
    queuedTimeMillis: 0,
  });
  expect(page.warnings).toEqual([]);
});

test('a FAILED page ends the query in every client and names the error', () => {
  const message = 'no "backend" is available:\n\u0000 trino-1';
  const text = failedPage({ id, infoUri, error: { name: 'NO_NODES_AVAILABLE', message } });
  const page = JSON.parse(text);
  expect(Object.keys(page)).toEqual(['id', 'infoUri', 'stats', 'error', 'warnings']);
  expect(page.stats).toMatchObject({ state: 'FAILED', queued: false });
  expect(page.error).toMatchObject({
    message,
    errorCode: 65541,
    errorName: 'NO_NODES_AVAILABLE',
    errorType: 'INTERNAL_ERROR',
  });
  expect(page.error.failureInfo).toMatchObject({
    type: 'io.trino.spi.TrinoException',
    message,
    suppressed: [],
    stack: [],
  });
  const scanner = new PageScanner();
  scanner.push(Buffer.from(text));
  expect(scanner).toMatchObject({ id, infoUri, nextUri: undefined, state: 'FAILED', complete: true });
  expect(parsePageError(scanner.error)).toMatchObject({ message, errorCode: 65541 });
});

test('codes lie in the range of their type', () => {
  const ranges = { USER_ERROR: 0, INTERNAL_ERROR: 1, INSUFFICIENT_RESOURCES: 2, EXTERNAL: 256 };
  for (const { code, type } of Object.values(trinoErrors)) expect(code >> 16).toBe(ranges[type]);
});

test.each([
  [httpErrorText(404, 'Query not found'), 'Error 404 Not Found: Query not found'],
  [httpErrorText(410), 'Error 410 Gone: HTTP 410 Gone'],
  [httpErrorText(408, 'too slow'), 'Error 408 Request Timeout: too slow'],
  [httpErrorText(413, 'too long'), 'Error 413 Payload Too Large: too long'],
  [httpErrorText(415, 'why'), 'Error 415 Unsupported Media Type: why'],
  [httpErrorText(400, 'SQL statement is empty'), 'Error 400 Bad Request: SQL statement is empty'],
  [killedMessage('because'), 'Query killed. Message: because'],
  [killedMessage(undefined), 'Query killed. No message provided.'],
  [
    unknownTransactionMessage('u'),
    'Unknown transaction ID: u. Possibly expired? Commands ignored until end of transaction block',
  ],
])('%s', (text, words) => {
  expect(text).toBe(words);
});
