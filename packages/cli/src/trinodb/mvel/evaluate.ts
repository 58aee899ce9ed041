import { ALWAYS, all, any, atom, NEVER, not } from '../cel/condition.ts';
import { compareValues } from './compare.ts';
import { callMethod } from './methods.ts';
import { OBJECT_NAMES, propertyOf, tableName } from './request-objects.ts';
import type { RuleState } from './state.ts';
import { dottedName, type Expression, UntranslatableError } from './syntax.ts';
import { asCondition, asLiteral, type Value } from './value.ts';

/** The key under which rules put their result. */
const RESULT_KEY = 'FileBasedRoutingGroupSelector.RESULTS_ROUTING_GROUP_KEY';
const LIST_MAKERS = ['java.util.Arrays.asList', 'Arrays.asList', 'java.util.List.of', 'List.of', 'Set.of'];

/** What an expression stands for. @throws UntranslatableError */
export function evaluate(expression: Expression, state: RuleState): Value {
  switch (expression.is) {
    case 'text':
      return { is: 'literal', value: expression.value };
    case 'number':
      return { is: 'number', cel: String(expression.value) };
    case 'boolean':
      return { is: 'condition', condition: expression.value ? ALWAYS : NEVER };
    case 'null':
      return { is: 'null' };
    case 'list':
      return { is: 'literals', values: expression.items.map((item) => asLiteral(evaluate(item, state))) };
    case 'not':
      return { is: 'condition', condition: not(asCondition(evaluate(expression.of, state))) };
    case 'binary':
      return binary(expression, state);
    case 'name':
      if (OBJECT_NAMES.includes(expression.name)) return { is: 'object', name: expression.name };
      throw new UntranslatableError(`${expression.name} has no counterpart`);
    case 'index':
      return keptIn(evaluate(expression.of, state), evaluate(expression.at, state));
    case 'member':
      return dottedName(expression) === RESULT_KEY
        ? { is: 'literal', value: 'routingGroup' }
        : member(expression, state);
    case 'new':
      throw new UntranslatableError(`new ${expression.name} has no counterpart there`);
  }
}

function binary({ operator, left, right }: Extract<Expression, { is: 'binary' }>, state: RuleState): Value {
  const first = evaluate(left, state);
  const second = evaluate(right, state);
  switch (operator) {
    case '&&':
      return { is: 'condition', condition: all(asCondition(first), asCondition(second)) };
    case '||':
      return { is: 'condition', condition: any(asCondition(first), asCondition(second)) };
    case '==':
      return { is: 'condition', condition: compareValues(first, second, state) };
    case '!=':
      return { is: 'condition', condition: not(compareValues(first, second, state)) };
    case 'contains':
      return callMethod(first, 'contains', [second], state);
    case '~=':
      return callMethod(first, 'matches', [second], state);
    case '<':
    case '>':
    case '<=':
    case '>=':
      if (first.is === 'number' && second.is === 'number')
        return { is: 'condition', condition: atom(`${first.cel} ${operator} ${second.cel}`) };
  }
  throw new UntranslatableError(`${operator} has no counterpart for these values`);
}

function member({ of, name, args }: Extract<Expression, { is: 'member' }>, state: RuleState): Value {
  const given = () => args.map((arg) => evaluate(arg, state));
  const maker = dottedName({ is: 'member', of, name, args: [] });
  if (maker === 'java.util.Optional.of' || maker === 'Optional.of')
    return { is: 'optional literal', value: asLiteral(given()[0]) };
  if (maker !== undefined && LIST_MAKERS.includes(maker)) return listOf(given());
  if (maker === 'io.trino.sql.tree.QualifiedName.of' || maker === 'QualifiedName.of')
    return {
      is: 'literal',
      value: given()
        .map((part) => tableName(asLiteral(part)))
        .join('.'),
    };
  const target = evaluate(of, state);
  if (target.is !== 'object') return callMethod(target, name, given(), state);
  if (target.name !== 'state')
    return propertyOf(
      target.name,
      name.replace(/^get([A-Z])/, (_, first) => first.toLowerCase()),
      given(),
    );
  const [key] = given();
  if (name === 'get') return keptIn(target, key);
  if (name === 'containsKey') return { is: 'condition', condition: state.isThere(asLiteral(key)) };
  throw new UntranslatableError(`state.${name} has no counterpart in a condition`);
}

function keptIn(target: Value, key: Value | undefined): Value {
  if (target.is === 'object' && target.name === 'state') return { is: 'kept', key: asLiteral(key) };
  throw new UntranslatableError('[ ] has no counterpart there');
}

/** `Arrays.asList(header.split(","))`, or a list that the rule writes. */
function listOf(values: readonly Value[]): Value {
  const [first] = values;
  if (values.length === 1 && first?.is === 'parts') return first;
  return { is: 'literals', values: values.map(asLiteral) };
}
