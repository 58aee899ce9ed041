import type { Condition } from '../cel/condition.ts';
import type { Text } from '../cel/text.ts';
import { UntranslatableError } from './syntax.ts';

/** What an expression of a rule stands for. */
export type Value =
  | { is: 'condition'; condition: Condition }
  | { is: 'text'; text: Text }
  | { is: 'literal'; value: string }
  | { is: 'number'; cel: string }
  | { is: 'null' }
  /** A set or list of the request. */
  | { is: 'texts'; cel: string; holds(wanted: string): Condition }
  /** A set as one text, `[a, b]`. */
  | { is: 'printed texts'; cel: string }
  /** A text of the request in an Optional, empty where there is none. */
  | { is: 'optional'; text: Text }
  | { is: 'optional literal'; value: string }
  /** A list that the rule itself writes. */
  | { is: 'literals'; values: readonly string[] }
  /** The parts of a text between commas. */
  | { is: 'parts'; entries: string }
  /** What `state` has under a key. */
  | { is: 'kept'; key: string }
  | { is: 'object'; name: string };

export function asCondition(value: Value): Condition {
  if (value.is === 'condition') return value.condition;
  throw new UntranslatableError(`${described(value)} is no condition`);
}

export function asLiteral(value: Value | undefined): string {
  if (value?.is === 'literal') return value.value;
  throw new UntranslatableError('expected a text in quotes, which is all that can be compared with here');
}

export function described(value: Value): string {
  switch (value.is) {
    case 'literal':
      return JSON.stringify(value.value);
    case 'object':
      return value.name;
    default:
      return `a ${value.is === 'texts' ? 'set' : value.is}`;
  }
}
