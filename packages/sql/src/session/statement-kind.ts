import { type SqlToken, sqlTokens } from '../lexer/sql-tokens.ts';
import { constantText, identifier, isSymbol, onlyQueryId, splitAt } from './constant-text.ts';
import { executedStatement } from './executed-statement.ts';
import { type StatementSession, sessionCatalog, sessionSchema } from './statement-session.ts';

/** What a statement does, where that decides which coordinator it must go to, whatever the rules say. */
export type StatementKind =
  | { kind: 'startTransaction' }
  | { kind: 'endTransaction' }
  /**
   * CALL system.runtime.kill_query; `queryId` and `message` when the statement says them as constants. Of an expression that is none the
   * only id in its text counts.
   */
  | { kind: 'killQuery'; queryId: string | undefined; message: string | undefined }
  /** EXECUTE of a statement that cannot be read; `message` says why, as Trino would. */
  | { kind: 'unreadable'; message: string }
  | { kind: 'other' };

const other: StatementKind = { kind: 'other' };

/** More tokens than any statement looked for has. */
const maxTokens = 1024;

/**
 * Tells what a statement does, looking through EXECUTE and EXECUTE IMMEDIATE. Linear in its length; throws only what
 * `beforeInflating` does.
 */
export function statementKind(sql: string, session: StatementSession = {}): StatementKind {
  return kindOf(sql, session, undefined);
}

function kindOf(sql: string, session: StatementSession, parameters: readonly SqlToken[][] | undefined): StatementKind {
  const tokens = sqlTokens(sql);
  const first = next(tokens);
  switch (keyword(first)) {
    case 'START':
      return keyword(next(tokens)) === 'TRANSACTION' ? { kind: 'startTransaction' } : other;
    case 'COMMIT':
    case 'ROLLBACK':
      return { kind: 'endTransaction' };
    case 'CALL':
      return callKind([...take(tokens)], session, parameters ?? []);
    case 'EXECUTE':
      // Trino runs no EXECUTE inside another.
      return parameters === undefined ? executeKind(tokens, session) : other;
    default:
      return other;
  }
}

function executeKind(tokens: Tokens, session: StatementSession): StatementKind {
  const executed = executedStatement(tokens, session);
  if (executed.kind === 'unreadable') return executed;
  if (executed.kind === 'missing') return other;
  return kindOf(executed.sql, session, keyword(executed.next) === 'USING' ? splitAt([...take(tokens)], ',') : []);
}

function callKind(
  tokens: readonly SqlToken[],
  session: StatementSession,
  parameters: readonly SqlToken[][],
): StatementKind {
  const open = tokens.findIndex((token) => isSymbol(token, '('));
  if (open < 1 || !isKillQuery(tokens.slice(0, open), session)) return other;
  const numbered = numberParameters(tokens.slice(open + 1), parameters);
  const found = splitAt(numbered, ',');
  // Trino takes names for all arguments or for none.
  const isNamed = found.map((one) => isSymbol(one[1], '=>'));
  if (isNamed.includes(true) && isNamed.includes(false))
    return { kind: 'killQuery', queryId: undefined, message: undefined };
  const argument = (name: string, position: number): SqlToken[] => {
    const byName = found.find((one) => isSymbol(one[1], '=>') && identifier(one[0]) === name);
    if (byName !== undefined) return byName.slice(2);
    const byPosition = found[position] ?? [];
    return isSymbol(byPosition[1], '=>') ? [] : byPosition;
  };
  const id = argument('query_id', 0);
  const isWhole = !numbered.some(({ kind }) => kind === 'broken');
  const queryId = constantText(id) ?? (isWhole ? onlyQueryId(id) : undefined);
  return { kind: 'killQuery', queryId, message: constantText(argument('message', 1)) };
}

function isKillQuery(name: readonly SqlToken[], session: StatementSession): boolean {
  if (
    name.length % 2 === 0 ||
    name.some((token, at) => (at % 2 === 1 ? !isSymbol(token, '.') : identifier(token) === undefined))
  )
    return false;
  const parts = name.filter((_, at) => at % 2 === 0).map(identifier);
  if (parts.length < 3) parts.unshift(...[sessionCatalog(session), sessionSchema(session)].slice(0, 3 - parts.length));
  return parts.join('.') === 'system.runtime.kill_query';
}

/** The tokens with each `?` replaced by what USING gave for it. */
function numberParameters(tokens: readonly SqlToken[], parameters: readonly SqlToken[][]): SqlToken[] {
  let at = 0;
  return tokens.flatMap((token) => {
    if (!isSymbol(token, '?')) return [token];
    const given = parameters[at];
    at += 1;
    return given === undefined ? [token] : [{ kind: 'symbol', text: '(' }, ...given, { kind: 'symbol', text: ')' }];
  });
}

type Tokens = Generator<SqlToken, void, void>;

const next = (tokens: Tokens): SqlToken | undefined => tokens.next().value ?? undefined;
const keyword = (token: SqlToken | undefined) => (token?.kind === 'word' ? token.text.toUpperCase() : undefined);

function* take(tokens: Tokens): Tokens {
  for (let count = 0; count < maxTokens; count += 1) {
    const token = next(tokens);
    if (token === undefined) return;
    yield token;
  }
  yield { kind: 'broken' }; // what stands before it may go on
}
