import { sqlTokens, statementKind, statementSession } from '@trino-gateway/sql';
import { transactionHeader } from '@trino-gateway/trino';

/** A statement, as far as it matters whether it may wait. */
export type AskedStatement = {
  statement: string;
  /** Of the client's request. */
  headers: readonly { name: string; value: string }[];
};

/** Statements that are answered from metadata. */
const METADATA_STATEMENTS = new Set(['SHOW', 'DESCRIBE', 'DESC']);
/** Statements about the session alone, which a coordinator answers without workers. */
const SESSION_STATEMENTS = new Set(['SET', 'RESET', 'USE', 'PREPARE', 'DEALLOCATE']);

/**
 * Whether a statement must not wait for a slot: it is about the session alone, ends or belongs to an open transaction
 * (which may hold what others wait for), or kills a query. START TRANSACTION waits: what follows it will not.
 * @param metadataToo SHOW and DESCRIBE do not wait either
 */
export function neverWaits({ statement, headers }: AskedStatement, metadataToo = false): boolean {
  const rawHeaders = headers.flatMap(({ name, value }) => [name, value]);
  if (transactionHeader(rawHeaders).kind === 'open') return true;
  const first = sqlTokens(statement).next().value;
  if (first?.kind !== 'word') return false;
  const keyword = first.text.toUpperCase();
  if (SESSION_STATEMENTS.has(keyword) || (metadataToo && METADATA_STATEMENTS.has(keyword))) return true;
  const { kind } = statementKind(statement, statementSession(rawHeaders));
  return kind === 'endTransaction' || kind === 'killQuery';
}
