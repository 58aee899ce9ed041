import { ALWAYS, all, atom, type Condition, NEVER, not } from '../cel/condition.ts';
import { compared, isThere, type Text } from '../cel/text.ts';
import type { RuleState } from './state.ts';
import { UntranslatableError } from './syntax.ts';
import { described, type Value } from './value.ts';

/** `==` and `equals`, in either order. @throws UntranslatableError when the two cannot be compared here */
export function compareValues(first: Value, second: Value, state: RuleState): Condition {
  const found = comparedWith(first, second, state) ?? comparedWith(second, first, state);
  if (found !== undefined) return found;
  throw new UntranslatableError(`${described(first)} and ${described(second)} are not compared here`);
}

function comparedWith(value: Value, other: Value, state: RuleState): Condition | undefined {
  switch (value.is) {
    case 'text':
      if (other.is === 'literal') return compared(value.text, 'equals', other.value);
      if (other.is === 'text') return bothEqual(value.text, other.text);
      return other.is === 'null' ? not(isThere(value.text)) : undefined;
    case 'literal':
      if (other.is === 'literal') return value.value === other.value ? ALWAYS : NEVER;
      return other.is === 'null' ? NEVER : undefined;
    case 'optional':
      if (other.is === 'optional literal') return compared(value.text, 'equals', other.value);
      if (other.is === 'null') return NEVER;
      if (other.is === 'literal')
        throw new UntranslatableError('an Optional never equals a text: say .get(), or compare it with Optional.of(…)');
      return undefined;
    case 'number':
      return other.is === 'number' ? atom(`${value.cel} == ${other.cel}`) : undefined;
    case 'kept':
      if (other.is === 'literal') return state.is(value.key, other.value);
      return other.is === 'null' ? not(state.isThere(value.key)) : undefined;
    case 'condition':
      if (other.is !== 'condition' || other.condition.is !== 'constant') return undefined;
      return other.condition.value ? value.condition : not(value.condition);
    case 'texts':
      return other.is === 'null' ? NEVER : undefined;
    default:
      return undefined;
  }
}

function bothEqual(first: Text, second: Text): Condition {
  if (first.folded !== undefined || second.folded !== undefined)
    throw new UntranslatableError('two texts are not compared without case here');
  return all(isThere(first), isThere(second), atom(`${first.cel} == ${second.cel}`));
}
