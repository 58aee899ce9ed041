import { all, any, atom, type Condition, NEVER, not, quoted } from '../cel/condition.ts';
import { type Comparison, compared, isThere, type Text } from '../cel/text.ts';
import { compareValues } from './compare.ts';
import { portablePattern } from './portable-pattern.ts';
import type { RuleState } from './state.ts';
import { UntranslatableError } from './syntax.ts';
import { asLiteral, described, type Value } from './value.ts';

const COMPARISONS: readonly string[] = ['contains', 'startsWith', 'endsWith', 'matches', 'equalsIgnoreCase'];

/** A method of a value, by the type it has there. @throws UntranslatableError when it has no counterpart */
export function callMethod(target: Value, method: string, args: readonly Value[], state: RuleState): Value {
  const [arg] = args;
  if (method === 'equals' && arg !== undefined) return condition(compareValues(target, arg, state));
  const found = methodOf(target, method, arg, state);
  if (found !== undefined) return found;
  throw new UntranslatableError(`${method} of ${described(target)} has no counterpart`);
}

function methodOf(target: Value, method: string, arg: Value | undefined, state: RuleState): Value | undefined {
  switch (target.is) {
    case 'text':
      return ofText(target.text, method, arg);
    case 'literal':
      return method === 'equalsIgnoreCase' && arg?.is === 'text'
        ? condition(compared(arg.text, method, target.value))
        : undefined;
    case 'optional':
      return ofOptional(target.text, method, arg);
    case 'texts':
      return ofSet(target, method, arg);
    case 'printed texts':
      return method === 'contains' ? condition(withinOne(target.cel, asLiteral(arg))) : undefined;
    case 'parts':
      if (method !== 'contains') return undefined;
      return condition(atom(`${quoted(asLiteral(arg))} in ${target.entries}`));
    case 'literals':
      return method === 'contains' ? condition(oneOf(target.values, arg)) : undefined;
    case 'kept':
      return method === 'contains' ? condition(state.holds(target.key, asLiteral(arg))) : undefined;
    default:
      return undefined;
  }
}

function ofText(text: Text, method: string, arg: Value | undefined): Value | undefined {
  switch (method) {
    case 'toLowerCase':
      return { is: 'text', text: { ...text, folded: 'lower' } };
    case 'toUpperCase':
      return { is: 'text', text: { ...text, folded: 'upper' } };
    case 'toString':
      return { is: 'text', text };
    case 'isEmpty':
      return condition(compared(text, 'equals', ''));
    case 'length':
      if (text.present !== undefined) return undefined;
      return { is: 'number', cel: `size(${text.cel})` };
    case 'split':
      if (text.entries === undefined || asLiteral(arg).trim() !== ',') return undefined;
      return { is: 'parts', entries: text.entries };
  }
  if (!COMPARISONS.includes(method)) return undefined;
  if (method !== 'matches') return condition(compared(text, method as Comparison, asLiteral(arg)));
  if (text.folded !== undefined) throw new UntranslatableError('matches of a text in another case has no counterpart');
  return condition(compared(text, 'matches', portablePattern(asLiteral(arg))));
}

function ofOptional(text: Text, method: string, arg: Value | undefined): Value | undefined {
  switch (method) {
    case 'get':
    case 'orElseThrow':
      return { is: 'text', text };
    case 'orElse':
      if (arg?.is !== 'null' && asLiteral(arg) !== '') return undefined;
      return { is: 'text', text: arg?.is === 'null' ? text : { cel: text.cel } };
    case 'isPresent':
      return condition(isThere(text));
    case 'isEmpty':
      return condition(not(isThere(text)));
    default:
      return undefined;
  }
}

function ofSet(
  { cel, holds }: Extract<Value, { is: 'texts' }>,
  method: string,
  arg: Value | undefined,
): Value | undefined {
  switch (method) {
    case 'contains':
      return condition(holds(asLiteral(arg)));
    case 'containsAll':
      return arg?.is === 'literals' ? condition(all(...arg.values.map(holds))) : undefined;
    case 'isEmpty':
      return condition(atom(`size(${cel}) == 0`));
    case 'size':
      return { is: 'number', cel: `size(${cel})` };
    case 'toString':
      return { is: 'printed texts', cel };
    default:
      return undefined;
  }
}

function withinOne(cel: string, wanted: string): Condition {
  if (wanted === '' || /[[\],"]/.test(wanted))
    throw new UntranslatableError(`contains ${JSON.stringify(wanted)} is asked of a printed list`);
  return atom(`${cel}.exists(t, t.contains(${quoted(wanted)}))`);
}

function oneOf(values: readonly string[], arg: Value | undefined): Condition {
  if (arg?.is === 'literal') return values.includes(arg.value) ? { is: 'constant', value: true } : NEVER;
  if (arg?.is !== 'text') throw new UntranslatableError('contains of a list asks for a text of the request');
  return any(...values.map((value) => compared(arg.text, 'equals', value)));
}

function condition(is: Condition): Value {
  return { is: 'condition', condition: is };
}
