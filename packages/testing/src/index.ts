export type { StatementContext } from './built-in-statements.ts';
export type { Counts } from './coordinator.ts';
export type { Fault, FaultAction, RecordedRequest } from './faults.ts';
export { all as headerValues, first as headerValue } from './raw-headers.ts';
export type { ScriptedQuery } from './scripted-query.ts';
export { type ScriptedTrino, type ScriptedTrinoOptions, startScriptedTrino } from './scripted-trino.ts';
export {
  killed,
  preempted,
  type ScriptedColumn,
  type ScriptedError,
  type StatementScript,
  userCanceled,
} from './statement-script.ts';
