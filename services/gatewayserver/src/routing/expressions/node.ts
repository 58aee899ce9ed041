import type { Evaluation } from './evaluation.ts';
import type { Type } from './types.ts';

/** A checked part of an expression. */
export type Node = {
  type: Type;
  /** Its first character. */
  offset: number;
  /** The value of a literal, known without any query. */
  literal?: unknown;
  /** @throws EvaluationError */
  run(evaluation: Evaluation): unknown;
};

/** A part whose value is known. */
export function literalNode(type: Type, offset: number, value: unknown): Node {
  return { type, offset, literal: value, run: () => value };
}

/** What is wrong with an expression, and where. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
