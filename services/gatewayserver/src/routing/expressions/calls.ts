import { type Evaluation, EvaluationError } from './evaluation.ts';
import { functions, type Signature } from './functions.ts';
import { ExpressionError, literalNode, type Node } from './node.ts';
import { compilePattern } from './pattern.ts';
import { datesIn, partOfTime } from './times.ts';
import { common, type Type, typeName } from './types.ts';

const byName = Map.groupBy(functions, ({ name }) => name);
const known = [...new Set([...byName.keys(), 'matches'])].sort().join(', ');

/** The call of a function. `target`: what it is a method of. */
export function callNode(name: string, target: Node | undefined, values: readonly Node[], offset: number): Node {
  const special =
    target && (name === 'matches' ? matches(target, values, offset) : inTimeZone(name, target, values, offset));
  if (special) return special;
  const forms = byName.get(name);
  if (!forms) throw new ExpressionError(`there is no function ${JSON.stringify(name)}: expected ${known}`, offset);
  const form = forms.find((signature) => fits(signature, target, values));
  if (!form) throw new ExpressionError(mismatch(name, forms, target, values), values.at(-1)?.offset ?? offset);
  const operands = target ? [target, ...values] : values;
  return folded({ type: form.gives, offset, run: runner(form, operands) }, operands);
}

function fits({ of, takes }: Signature, target: Node | undefined, values: readonly Node[]): boolean {
  if ((of === undefined) !== (target === undefined) || takes.length !== values.length) return false;
  return (of === undefined || isOf(target?.type, of)) && takes.every((type, at) => isOf(values[at]?.type, type));
}

/** A list of nothing stands for any list. */
function isOf(type: Type | undefined, wanted: Type): boolean {
  return type !== undefined && common(type, wanted) !== undefined;
}

function runner({ run }: Signature, operands: readonly Node[]): Node['run'] {
  const [a, b, c] = operands;
  return (e: Evaluation) => run(e.work, a?.run(e), b?.run(e), c?.run(e));
}

/** A call of literals, such as duration("1h"), is made once; what it throws is a mistake of the expression. */
function folded(node: Node, operands: readonly Node[]): Node {
  if (!operands.every(({ literal }) => literal !== undefined)) return node;
  try {
    const value = node.run({ facts: undefined, locals: [], work: { left: 1_000_000 } });
    return literalNode(node.type, node.offset, value);
  } catch (error) {
    if (error instanceof EvaluationError) throw new ExpressionError(error.message, operands[0]?.offset ?? node.offset);
    throw error;
  }
}

function mismatch(name: string, forms: Signature[], target: Node | undefined, values: readonly Node[]): string {
  const types = values.map(({ type }) => typeName(type)).join(', ');
  const used = `${target ? `${typeName(target.type)}.` : ''}${name}(${types})`;
  const expected = forms.map(
    ({ of, takes }) => `${of === undefined ? '' : `${typeName(of)}.`}${name}(${takes.map(typeName).join(', ')})`,
  );
  return `there is no ${used}: expected ${expected.join(' or ')}`;
}

/** A pattern is compiled once, so it must be known. */
function matches(target: Node, values: readonly Node[], offset: number): Node {
  const [pattern] = values;
  if (target.type !== 'string' || values.length !== 1 || pattern?.type !== 'string')
    throw new ExpressionError('expected string.matches(string)', offset);
  if (typeof pattern.literal !== 'string')
    throw new ExpressionError('the pattern of matches must be a literal', pattern.offset);
  try {
    const occursIn = compilePattern(pattern.literal);
    return { type: 'bool', offset, run: (e) => occursIn(target.run(e) as string, e.work) };
  } catch (error) {
    throw new ExpressionError(`the pattern cannot be read: ${(error as Error).message}`, pattern.offset);
  }
}

/** `now.getHours("Europe/Vienna")`: the zone must be known, since it is looked up once. */
function inTimeZone(name: string, target: Node, values: readonly Node[], offset: number): Node | undefined {
  const part = Object.hasOwn(partOfTime, name) ? partOfTime[name] : undefined;
  const [zone] = values;
  if (target.type !== 'timestamp' || !part || values.length !== 1 || zone?.type !== 'string') return undefined;
  if (typeof zone.literal !== 'string') throw new ExpressionError('the time zone must be a literal', zone.offset);
  try {
    const dateOf = datesIn(zone.literal);
    return { type: 'int', offset, run: (e) => part(dateOf(target.run(e) as number)) };
  } catch {
    throw new ExpressionError(`there is no time zone ${JSON.stringify(zone.literal.slice(0, 80))}`, zone.offset);
  }
}
