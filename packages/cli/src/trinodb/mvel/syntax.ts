/** An expression of MVEL, as far as rules of the Java gateway need them. */
export type Expression =
  | { is: 'text'; value: string }
  | { is: 'number'; value: number }
  | { is: 'boolean'; value: boolean }
  | { is: 'null' }
  | { is: 'name'; name: string }
  /** A property, or a method; MVEL calls a method without arguments also without parentheses. */
  | { is: 'member'; of: Expression; name: string; args: readonly Expression[] }
  | { is: 'index'; of: Expression; at: Expression }
  | { is: 'list'; items: readonly Expression[] }
  | { is: 'new'; name: string; args: readonly Expression[] }
  | { is: 'not'; of: Expression }
  | { is: 'binary'; operator: string; left: Expression; right: Expression };

/** What an action does. */
export type Statement =
  | { is: 'if'; when: Expression; then: readonly Statement[]; otherwise: readonly Statement[] }
  | { is: 'assign'; to: Expression; value: Expression }
  | { is: 'do'; what: Expression };

/** There is no way to say it here: why, in a clause. */
export class UntranslatableError extends Error {}

/** The dotted name that an expression is, such as `java.util.Optional`; undefined when it is none. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.is === 'name') return expression.name;
  if (expression.is !== 'member' || expression.args.length > 0) return undefined;
  const before = dottedName(expression.of);
  return before === undefined ? undefined : `${before}.${expression.name}`;
}
