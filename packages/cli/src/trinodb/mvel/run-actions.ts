import { all, type Condition, not } from '../cel/condition.ts';
import type { Text } from '../cel/text.ts';
import { evaluate } from './evaluate.ts';
import type { RuleState } from './state.ts';
import { type Expression, type Statement, UntranslatableError } from './syntax.ts';
import { asCondition, asLiteral, type Value } from './value.ts';

/** A group that an action writes into the result: by its name, or the one that a header names. */
export type GroupWrite = { when: Condition; group: string } | { when: Condition; header: Text };

/**
 * What the actions of a rule write, in their order, each with the condition under which they do.
 * @param when the rule fires
 * @param state is changed as the actions change it
 * @throws UntranslatableError
 */
export function runActions(statements: readonly Statement[], when: Condition, state: RuleState): GroupWrite[] {
  return statements.flatMap((statement) => runAction(statement, when, state));
}

function runAction(statement: Statement, when: Condition, state: RuleState): GroupWrite[] {
  switch (statement.is) {
    case 'if': {
      const holds = asCondition(evaluate(statement.when, state));
      return [
        ...runActions(statement.then, all(when, holds), state),
        ...runActions(statement.otherwise, all(when, not(holds)), state),
      ];
    }
    case 'assign':
      return assign(placeOf(statement.to, state), assignedValue(statement.value, state), when, state);
    case 'do':
      return call(statement.what, when, state);
  }
}

type Place = { object: string; key: string };

/** `result["routingGroup"]`, `result.routingGroup`, or the same of `state`. */
function placeOf(expression: Expression, state: RuleState): Place {
  if (expression.is === 'index' && expression.of.is === 'name')
    return { object: expression.of.name, key: asLiteral(evaluate(expression.at, state)) };
  if (expression.is === 'member' && expression.of.is === 'name' && expression.args.length === 0)
    return { object: expression.of.name, key: expression.name };
  throw new UntranslatableError('only result and state can be assigned to');
}

function call(expression: Expression, when: Condition, state: RuleState): GroupWrite[] {
  if (expression.is !== 'member') throw new UntranslatableError('an action that changes nothing known');
  const { of, name, args } = expression;
  const [first, second] = args;
  if (of.is === 'name' && name === 'put' && first !== undefined && second !== undefined)
    return assign(
      { object: of.name, key: asLiteral(evaluate(first, state)) },
      assignedValue(second, state),
      when,
      state,
    );
  const target = of.is === 'name' ? undefined : evaluate(of, state);
  if (target?.is !== 'kept' || name !== 'add' || first === undefined)
    throw new UntranslatableError(`the action ${name} has no counterpart`);
  state.add(target.key, asLiteral(evaluate(first, state)), when);
  return [];
}

/** A value, or a new set. */
function assignedValue(expression: Expression, state: RuleState): Value | 'new set' {
  const isSet = expression.is === 'new' && /^(?:java\.util\.)?(?:HashSet|ArrayList)$/.test(expression.name);
  return isSet && expression.args.length === 0 ? 'new set' : evaluate(expression, state);
}

function assign({ object, key }: Place, value: Value | 'new set', when: Condition, state: RuleState): GroupWrite[] {
  if (object === 'state') {
    state.put(key, value === 'new set' ? undefined : asLiteral(value), when);
    return [];
  }
  if (object !== 'result') throw new UntranslatableError(`${object} cannot be changed here`);
  if (key !== 'routingGroup')
    throw new UntranslatableError(`the result has a ${JSON.stringify(key)}, which is not known`);
  if (value !== 'new set' && value.is === 'text' && value.text.present !== undefined)
    return [{ when, header: value.text }];
  if (value === 'new set' || value.is !== 'literal')
    throw new UntranslatableError('the group is neither a text in quotes nor a header');
  return [{ when, group: value.value }];
}
