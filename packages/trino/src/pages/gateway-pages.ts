import { type TrinoErrorName, trinoErrors } from '../errors/trino-errors.ts';

/** Content type of every page; Java clients refuse any other. */
export const pageContentType = 'application/json';

/** What a QUEUED page says. Times are milliseconds since the statement arrived. */
export type QueuedPage = { id: string; infoUri: string; nextUri: string; elapsedMillis: number; queuedMillis: number };

/** A page that makes every known client poll `nextUri`: Trino's QUEUED page, absent keys absent. */
export function queuedPage({ nextUri, ...page }: QueuedPage): string {
  return queuedPages({ ...page, linksBelow: nextUri })({ ...page, link: '' });
}

/**
 * The QUEUED pages of one query, of which only the end of the link and the times differ: the rest is made once. `link` is what follows
 * `linksBelow`, and has nothing that JSON would escape.
 */
export function queuedPages({ id, infoUri, linksBelow }: { id: string; infoUri: string; linksBelow: string }) {
  const before = `{"id":${json(id)},"infoUri":${json(infoUri)},"nextUri":${json(linksBelow).slice(0, -1)}`;
  return ({ link, queuedMillis, elapsedMillis }: { link: string } & Omit<QueuedPage, 'id' | 'infoUri' | 'nextUri'>) =>
    `${before}${link}",${queuedStats}${whole(queuedMillis)},"elapsedTimeMillis":${whole(elapsedMillis)},${restOfStats},"warnings":[]}`;
}

/** What a FAILED page says. Times are milliseconds, 0 when absent. */
export type FailedPage = {
  id: string;
  infoUri: string;
  error: { name: TrinoErrorName; message: string };
  elapsedMillis?: number;
  queuedMillis?: number;
};

/** The last page of a query that failed, as Trino reports it: no nextUri, and the failureInfo that strict clients require. */
export function failedPage({ id, infoUri, error, elapsedMillis = 0, queuedMillis = 0 }: FailedPage): string {
  const { code, type } = trinoErrors[error.name];
  const location = error.name === 'SYNTAX_ERROR' ? locationIn(error.message) : {};
  const failure = {
    message: error.message,
    errorCode: code,
    errorName: error.name,
    errorType: type,
    ...location,
    failureInfo: {
      type: 'io.trino.spi.TrinoException',
      message: error.message,
      suppressed: [],
      stack: [],
      errorInfo: { code, name: error.name, type },
      ...location,
    },
  };
  const stats = statsText('FAILED', false, elapsedMillis, queuedMillis);
  return `{"id":${json(id)},"infoUri":${json(infoUri)},${stats},"error":${json(failure)},"warnings":[]}`;
}

/** Trino says the place of a syntax error twice: as `line 1:8:` before the message, and in numbers. */
function locationIn(message: string) {
  const [, line, column] = /^line (\d{1,9}):(\d{1,9}): /.exec(message) ?? [];
  return line === undefined ? {} : { errorLocation: { lineNumber: Number(line), columnNumber: Number(column) } };
}

/** The last page of a CALL that did what it should, as Trino ends it. */
export function calledPage({ id, infoUri }: Pick<QueuedPage, 'id' | 'infoUri'>): string {
  const stats = statsText('FINISHED', false, 0, 0);
  return `{"id":${json(id)},"infoUri":${json(infoUri)},"columns":[],${stats},"warnings":[],"updateType":"CALL"}`;
}

/** One row of one column. `json` is its value. */
export type LiteralPage = Pick<QueuedPage, 'id' | 'infoUri'> & {
  column: string;
  type: { name: string; length?: number };
  json: string;
};

/** The last page of a SELECT of one literal, as Trino answers it; types as its ClientTypeSignature writes them. */
export function literalPage({ id, infoUri, column, type: { name, length }, json: value }: LiteralPage): string {
  const signature = { rawType: name, arguments: length === undefined ? [] : [{ kind: 'LONG', value: length }] };
  const type = length === undefined ? name : `${name}(${length})`;
  const columns = json([{ name: column, type, typeSignature: signature }]);
  const stats = statsText('FINISHED', false, 0, 0);
  return `{"id":${json(id)},"infoUri":${json(infoUri)},"columns":${columns},"data":[[${value}]],${stats},"warnings":[]}`;
}

const json = (value: unknown) => JSON.stringify(value);

function statsText(state: string, queued: boolean, elapsedMillis: number, queuedMillis: number): string {
  return `${statsBefore(state, queued)}${whole(queuedMillis)},"elapsedTimeMillis":${whole(elapsedMillis)},${restOfStats}`;
}

function statsBefore(state: string, queued: boolean): string {
  return (
    `"stats":{"state":"${state}","queued":${queued},"scheduled":false,"nodes":0,"totalSplits":0,"queuedSplits":0,` +
    '"runningSplits":0,"completedSplits":0,"planningTimeMillis":0,"analysisTimeMillis":0,"cpuTimeMillis":0,"wallTimeMillis":0,' +
    '"queuedTimeMillis":'
  );
}

const queuedStats = statsBefore('QUEUED', true);
const restOfStats =
  '"finishingTimeMillis":0,"physicalInputTimeMillis":0,"processedRows":0,"processedBytes":0,"physicalInputBytes":0,"physicalWrittenBytes":0,' +
  '"internalNetworkInputBytes":0,"peakMemoryBytes":0,"spilledBytes":0}';

// Clients read these as integers, and a clock that steps back must not make them negative.
const whole = (millis: number) => Math.max(0, Math.round(millis));
