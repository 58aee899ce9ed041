export { type PlacedToken, placedTokens, type SqlToken, sqlTokens } from './lexer/sql-tokens.ts';
export { type StatementKind, statementKind } from './session/statement-kind.ts';
export { type StatementProblem, statementProblem } from './session/statement-problem.ts';
export { type StatementSession, statementSession } from './session/statement-session.ts';
export { analyseStatement, type StatementFacts } from './statement-facts.ts';
