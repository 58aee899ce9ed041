import { type StatementKind, statementKind, statementSession } from '@trino-gateway/sql';
import { TryAgain } from '../http/responses.ts';
import type { InflationBudget } from '../limits/inflation-budget.ts';
import type { Submission } from './submission.ts';

const kinds = new WeakMap<Submission, StatementKind>();

/**
 * What the statement of a submission does, found out once per submission. Where a budget is given, the prepared statements that have
 * to be inflated for it count against that budget, unless the client is authenticated.
 * @throws TryAgain when the budget has no room
 */
export function kindOfStatement(submission: Submission, budget?: InflationBudget): StatementKind {
  const known = kinds.get(submission);
  if (known !== undefined) return known;
  const { exchange, statement } = submission;
  const beforeInflating = (bytes: number) => {
    if (budget === undefined || exchange.user !== undefined || budget.take(exchange.client.ip, bytes)) return;
    throw new TryAgain('Too many compressed prepared statements were inflated for your address: try again in a moment');
  };
  const kind = statementKind(statement, { ...statementSession(exchange.rawHeaders), beforeInflating });
  kinds.set(submission, kind);
  return kind;
}
