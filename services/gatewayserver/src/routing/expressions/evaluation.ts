/** Why a rule could not be evaluated for one query. */
export class EvaluationError extends Error {
  override readonly name: string = 'EvaluationError';
}

/** The expressions of one query have taken as much work as they may. */
export class TooMuchWorkError extends EvaluationError {
  override readonly name = 'TooMuchWorkError';
}

/** How much work expressions may still take for one query: one unit is about a nanosecond. */
export type Work = { left: number };

/** Values of one evaluation. */
export type Evaluation = {
  /** What the declared names read. */
  readonly facts: unknown;
  /** The variables of macros, each in its slot. */
  readonly locals: unknown[];
  readonly work: Work;
};

/** @throws TooMuchWorkError when nothing is left */
export function spend(work: Work, units: number): void {
  work.left -= units;
  if (work.left < 0) throw new TooMuchWorkError('it takes too much work for this query');
}

/** The error, where `&&`, `||`, exists and all may look past it: another part of them may decide. */
export function absorbed(error: unknown): EvaluationError {
  if (error instanceof EvaluationError && !(error instanceof TooMuchWorkError)) return error;
  throw error;
}
