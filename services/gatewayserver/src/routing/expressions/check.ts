import type { parse } from '@bufbuild/cel';
import { callNode } from './calls.ts';
import { macros } from './macros.ts';
import { ExpressionError, literalNode, type Node } from './node.ts';
import { operators, valueAt } from './operators.ts';
import { common, type Type, typeName } from './types.ts';

type Parsed = ReturnType<typeof parse>;
type Expr = Parsed['expr'];
type Kind<Case extends string> = Extract<Expr['exprKind'], { case: Case }>['value'];

/** A name that expressions may use, and how it is read from the facts of a query. */
export type Declaration = { type: Type; read(facts: never): unknown };

/** Names that expressions may use. */
export type Declarations = ReadonlyMap<string, Declaration>;

const DEEPEST = 100;
const MOST_NESTED_MACROS = 3;

/** What is known while one expression is checked. */
type Checking = {
  declared: Declarations;
  positions: Readonly<Record<string, number>>;
  macroCalls: Parsed['sourceInfo'] extends infer Info ? Info : never;
  /** The declared names that were used so far. */
  used: Set<string>;
  /** Of the macros around, innermost last. */
  variables: readonly { name: string; type: Type; slot: number }[];
  depth: number;
};

/**
 * Checks an expression against the declared names, and says which of them it uses.
 * @throws ExpressionError
 */
export function check({ expr, sourceInfo }: Parsed, declared: Declarations): { node: Node; used: ReadonlySet<string> } {
  const positions = sourceInfo?.positions ?? {};
  const used = new Set<string>();
  return { node: visit(expr, { declared, positions, macroCalls: sourceInfo, used, variables: [], depth: 0 }), used };
}

function visit(expr: Expr | undefined, around: Checking): Node {
  const inside = { ...around, depth: around.depth + 1 };
  const offset = around.positions[String(expr?.id)] ?? 0;
  if (inside.depth > DEEPEST) throw new ExpressionError(`it is nested too deeply: ${DEEPEST} levels at most`, offset);
  switch (expr?.exprKind.case) {
    case 'constExpr':
      return constant(expr.exprKind.value, offset);
    case 'identExpr':
      return named(expr.exprKind.value.name, offset, inside);
    case 'selectExpr':
      return selected(expr.exprKind.value, offset, inside);
    case 'callExpr':
      return called(expr.exprKind.value, offset, inside);
    case 'listExpr':
      return list(
        expr.exprKind.value.elements.map((element) => visit(element, inside)),
        offset,
      );
    case 'structExpr':
      return map(expr.exprKind.value, offset, inside);
    case 'comprehensionExpr':
      return macro(String(expr.id), expr.exprKind.value, offset, inside);
    default:
      throw new ExpressionError('this cannot be read', offset);
  }
}

function constant({ constantKind }: Kind<'constExpr'>, offset: number): Node {
  switch (constantKind.case) {
    case 'boolValue':
      return literalNode('bool', offset, constantKind.value);
    case 'stringValue':
      return literalNode('string', offset, constantKind.value);
    case 'doubleValue':
      return literalNode('double', offset, constantKind.value);
    case 'int64Value': {
      const value = Number(constantKind.value);
      if (!Number.isSafeInteger(value))
        throw new ExpressionError(`the number is too large: at most ${Number.MAX_SAFE_INTEGER}`, offset);
      return literalNode('int', offset, value);
    }
    default:
      throw new ExpressionError('there are no values of this type: neither null, bytes nor unsigned numbers', offset);
  }
}

function named(name: string, offset: number, { declared, used, variables }: Checking): Node {
  const variable = variables.findLast((known) => known.name === name);
  if (variable) {
    const { type, slot } = variable;
    return { type, offset, run: ({ locals }) => locals[slot] };
  }
  const declaration = declared.get(name);
  if (!declaration)
    throw new ExpressionError(
      `there is no ${JSON.stringify(name)}: expected ${[...declared.keys()].join(', ')}`,
      offset,
    );
  used.add(name);
  const read = declaration.read as (facts: unknown) => unknown;
  return { type: declaration.type, offset, run: ({ facts }) => read(facts) };
}

function selected({ operand, field, testOnly }: Kind<'selectExpr'>, offset: number, around: Checking): Node {
  const map = visit(operand, around);
  if (typeof map.type === 'string' || !('map' in map.type))
    throw new ExpressionError(`a ${typeName(map.type)} has no field ${JSON.stringify(field)}`, offset);
  if (testOnly) return { type: 'bool', offset, run: (e) => (map.run(e) as ReadonlyMap<string, unknown>).has(field) };
  return { offset, ...valueAt(map, literalNode('string', offset, field), map.type.map) };
}

function called(call: Kind<'callExpr'>, offset: number, around: Checking): Node {
  if (macros.has(call.function) && call.target)
    throw new ExpressionError(`expected a name and then a condition: x.${call.function}(e, …)`, offset);
  if (call.function === 'has') throw new ExpressionError('expected a field of a map: has(map.field)', offset);
  const target = call.target && visit(call.target, around);
  const values = call.args.map((argument) => visit(argument, around));
  const operator = target === undefined ? operators.get(call.function) : undefined;
  if (!operator) return callNode(call.function, target, values, offset);
  const built = operator.build(...values);
  if (built) return { offset: Math.min(...values.map((value) => value.offset)), ...built };
  const types = values.map(({ type }) => typeName(type)).join(' and ');
  throw new ExpressionError(`${operator.sign} does not take ${types}`, (values.at(-1) as Node).offset);
}

function list(elements: Node[], offset: number): Node {
  let type: Type = 'nothing';
  for (const element of elements) {
    const both = common(type, element.type);
    if (both === undefined)
      throw new ExpressionError(
        `a list has elements of one type: ${typeName(type)} or ${typeName(element.type)}`,
        element.offset,
      );
    type = both;
  }
  if (elements.every(({ literal }) => literal !== undefined))
    return {
      ...literalNode(
        { list: type },
        offset,
        elements.map(({ literal }) => literal),
      ),
    };
  return { type: { list: type }, offset, run: (e) => elements.map((element) => element.run(e)) };
}

function map({ entries, messageName }: Kind<'structExpr'>, offset: number, around: Checking): Node {
  if (messageName !== '') throw new ExpressionError(`there is no type ${JSON.stringify(messageName)}`, offset);
  let type: Type = 'nothing';
  const pairs = entries.map(({ keyKind, value }) => {
    const key = visit(keyKind.case === 'mapKey' ? keyKind.value : undefined, around);
    if (key.type !== 'string') throw new ExpressionError('the keys of a map are strings', key.offset);
    const node = visit(value, around);
    const both = common(type, node.type);
    if (both === undefined)
      throw new ExpressionError(
        `a map has values of one type: ${typeName(type)} or ${typeName(node.type)}`,
        node.offset,
      );
    type = both;
    return [key, node] as const;
  });
  return { type: { map: type }, offset, run: (e) => new Map(pairs.map(([key, value]) => [key.run(e), value.run(e)])) };
}

/** The parser has written a macro out as a loop; its parts are taken from where it puts them. */
function macro(id: string, loop: Kind<'comprehensionExpr'>, offset: number, around: Checking): Node {
  const name = macroName(around, id);
  const range = visit(loop.iterRange, around);
  const elementType = elementsOf(range);
  if (elementType === undefined)
    throw new ExpressionError(`${name} needs a list or a map, not a ${typeName(range.type)}`, range.offset);
  const slot = around.variables.length;
  if (slot >= MOST_NESTED_MACROS)
    throw new ExpressionError(`at most ${MOST_NESTED_MACROS} of exists, all, filter and map may be nested`, offset);
  const variable = { name: loop.iterVar, type: elementType, slot };
  const inside = { ...around, variables: [...around.variables, variable] };
  const step = argumentsOf(loop.loopStep);
  const listOf = (call: Expr | undefined) => elementsOfList(argumentsOf(call)[1]);
  const isFiltered = name === 'map' && calledName(loop.loopStep) === '_?_:_';
  const testExpr =
    name === 'map'
      ? isFiltered
        ? step[0]
        : undefined
      : name === 'filter' || name === 'exists_one'
        ? step[0]
        : step[1];
  const madeExpr = name === 'map' ? (isFiltered ? listOf(step[1]) : elementsOfList(step[1])) : undefined;
  const test = testExpr && visit(testExpr, inside);
  if (test && test.type !== 'bool')
    throw new ExpressionError(`the condition of ${name} must be a bool, not a ${typeName(test.type)}`, test.offset);
  const made = madeExpr && visit(madeExpr, inside);
  const built = macros.get(name)?.({ range, slot, test, made, elementType });
  if (!built) throw new ExpressionError(`there is no macro ${JSON.stringify(name)}`, offset);
  return { offset, ...built };
}

function macroName({ macroCalls }: Checking, id: string): string {
  const call = macroCalls?.macroCalls[id]?.exprKind;
  const name = call?.case === 'callExpr' ? call.value.function : '';
  return name === 'existsOne' ? 'exists_one' : name;
}

function elementsOf({ type }: Node): Type | undefined {
  if (typeof type === 'string') return undefined;
  return 'list' in type ? type.list : 'string';
}

function argumentsOf(expr: Expr | undefined): readonly Expr[] {
  return expr?.exprKind.case === 'callExpr' ? expr.exprKind.value.args : [];
}

function calledName(expr: Expr | undefined): string {
  return expr?.exprKind.case === 'callExpr' ? expr.exprKind.value.function : '';
}

function elementsOfList(expr: Expr | undefined): Expr | undefined {
  return expr?.exprKind.case === 'listExpr' ? expr.exprKind.value.elements[0] : undefined;
}
