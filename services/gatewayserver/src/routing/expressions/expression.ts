import { parse } from '@bufbuild/cel';
import { check, type Declaration, type Declarations } from './check.ts';
import type { Work } from './evaluation.ts';
import { ExpressionError, type Node } from './node.ts';
import { typeName } from './types.ts';

/** Longer expressions are refused before anything is read. */
export const LONGEST_EXPRESSION = 10_000;

/** A condition, ready to be evaluated. */
export type Condition<Facts> = {
  /** @throws EvaluationError when it has no answer for these facts */
  holds(facts: Facts, work: Work): boolean;
  /** The declared names that it uses. */
  names: ReadonlySet<string>;
};

/** A declared name; its reader gets the facts of a query. */
export function declare<Facts, Value>(type: Declaration['type'], read: (facts: Facts) => Value): Declaration {
  return { type, read: read as Declaration['read'] };
}

/**
 * Reads and checks a condition in the Common Expression Language.
 * @throws Error whose message begins with the place: `line 1, column 17: …`
 */
export function compileCondition<Facts>(text: string, declared: Declarations): Condition<Facts> {
  if (text.length > LONGEST_EXPRESSION)
    throw new Error(`line 1, column 1: expected at most ${LONGEST_EXPRESSION} characters, got ${text.length}`);
  try {
    const { node, used } = check(parse(text), declared);
    const { run } = boolean(node);
    return { holds: (facts, work) => run({ facts, locals: [], work }) === true, names: used };
  } catch (error) {
    throw new Error(problemOf(error, text));
  }
}

function boolean(node: Node): Node {
  if (node.type === 'bool') return node;
  throw new ExpressionError(`expected a bool, got a ${typeName(node.type)}`, node.offset);
}

function problemOf(error: unknown, text: string): string {
  if (error instanceof ExpressionError) return `${placeOf(text, error.offset)}: ${error.message}`;
  if (error instanceof RangeError) return 'line 1, column 1: it is nested too deeply';
  const { location, message } = error as Error & { location?: { start: { line: number; column: number } } };
  const at = location?.start ?? { line: 1, column: 1 };
  const said = message.replace(/^<input>:\d+:\d+: /, '').slice(0, 200);
  return `line ${at.line}, column ${at.column}: ${said}`;
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}
