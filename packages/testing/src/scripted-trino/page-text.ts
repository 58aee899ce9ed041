import type { ScriptedColumn, ScriptedError, StatementScript } from './statement-script.ts';

const zeroCounters =
  '"cpuTimeMillis":0,"wallTimeMillis":0,"queuedTimeMillis":0,"elapsedTimeMillis":#,"finishingTimeMillis":0,' +
  '"physicalInputTimeMillis":0,"processedRows":0,"processedBytes":0,"physicalInputBytes":0,"physicalWrittenBytes":0,' +
  '"internalNetworkInputBytes":0,"peakMemoryBytes":0,"spilledBytes":0';

/** `stats` of a page. `scheduled` says whether the query ever had a stage. */
export function statsText(state: string, scheduled: boolean, elapsedMs: number): string {
  const nodes = scheduled ? 1 : 0;
  const stage = scheduled
    ? `,"rootStage":{"stageId":"0","state":"${state === 'FAILED' ? 'ABORTED' : state}","done":${state !== 'RUNNING'},"nodes":1,` +
      '"totalSplits":1,"queuedSplits":0,"runningSplits":0,"completedSplits":1,"cpuTimeMillis":0,"wallTimeMillis":0,' +
      '"processedRows":0,"processedBytes":0,"physicalInputBytes":0,"failedTasks":0,"coordinatorOnly":false,"subStages":[]}'
    : '';
  const progress = state === 'FINISHED' && scheduled ? '"progressPercentage":100.0,"runningPercentage":0.0,' : '';
  return (
    `"stats":{"state":"${state}","queued":${state === 'QUEUED'},"scheduled":${scheduled},${progress}"nodes":${nodes},` +
    `"totalSplits":${nodes},"queuedSplits":0,"runningSplits":0,"completedSplits":${nodes},"planningTimeMillis":0,"analysisTimeMillis":0,` +
    `${zeroCounters.replace('#', String(elapsedMs))}${stage}}`
  );
}

/** `error` of a page, with the failureInfo that strict clients require. */
export function errorText(error: ScriptedError): string {
  return `"error":${JSON.stringify({
    message: error.message,
    errorCode: error.code,
    errorName: error.name,
    errorType: error.type,
    failureInfo: {
      type: 'io.trino.spi.TrinoException',
      message: error.message,
      suppressed: [],
      stack: [],
      errorInfo: { code: error.code, name: error.name, type: error.type },
    },
  })}`;
}

function columnText(column: ScriptedColumn): unknown {
  const sized = /^(\w+)\((\d+)\)$/.exec(column.type);
  const signature = sized
    ? { rawType: sized[1], arguments: [{ kind: 'LONG', value: Number(sized[2]) }] }
    : {
        rawType: column.type,
        arguments: column.type === 'varchar' ? [{ kind: 'LONG', value: 2147483647 }] : [],
      };
  return { name: column.name, type: column.type, typeSignature: signature };
}

/** The parts of a script's pages that never change, made once per script. */
export type ScriptText = { columns: string; data: readonly string[] };

const texts = new WeakMap<StatementScript, ScriptText>();

/** `columns` and the `data` of every data page. */
export function scriptText(script: StatementScript): ScriptText {
  const known = texts.get(script);
  if (known !== undefined) return known;
  const made = {
    columns: `"columns":${JSON.stringify((script.columns ?? []).map(columnText))}`,
    data: dataPages(script),
  };
  texts.set(script, made);
  return made;
}

function dataPages(script: StatementScript): string[] {
  const pages = script.pages ?? 1;
  if (script.pageBytes !== undefined)
    return Array.from({ length: pages }, () => `"data":[["${'x'.repeat(script.pageBytes ?? 0)}"]]`);
  const rows = script.rows ?? [];
  if (rows.length === 0) return [];
  const size = Math.ceil(rows.length / pages);
  const chunks: string[] = [];
  for (let from = 0; from < rows.length; from += size)
    chunks.push(`"data":${JSON.stringify(rows.slice(from, from + size))}`);
  return chunks;
}
