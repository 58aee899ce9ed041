export type { FaultAction } from './scripted-trino/faults.ts';
export { all as headerValues, first as headerValue } from './scripted-trino/raw-headers.ts';
export type { ScriptedQuery } from './scripted-trino/scripted-query.ts';
export { type ScriptedTrino, startScriptedTrino } from './scripted-trino/scripted-trino.ts';
export type { StatementScript } from './scripted-trino/statement-script.ts';
