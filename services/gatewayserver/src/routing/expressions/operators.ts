import { absorbed, EvaluationError, spend } from './evaluation.ts';
import type { Node } from './node.ts';
import { common, isNumber, sameValue, type Type } from './types.ts';

type Built = Pick<Node, 'type' | 'run'>;
/** The operator for operands of these types; undefined when there is none. */
type Operator = (...operands: Node[]) => Built | undefined;

const pair = (a: Node, b: Node) => `${String(a.type)} ${String(b.type)}`;

/** Operators by the name that the parser gives them. */
export const operators: ReadonlyMap<string, { sign: string; build: Operator }> = new Map(
  Object.entries({
    '!_': { sign: '!', build: (a) => (a?.type === 'bool' ? { type: 'bool', run: (e) => !a.run(e) } : undefined) },
    '-_': { sign: '-', build: (a) => (a && isNumber(a.type) ? numeric(a.type, [a], (x) => -x) : undefined) },
    '_&&_': { sign: '&&', build: (a, b) => logical(a as Node, b as Node, false) },
    '_||_': { sign: '||', build: (a, b) => logical(a as Node, b as Node, true) },
    '_==_': { sign: '==', build: (a, b) => equality(a as Node, b as Node, true) },
    '_!=_': { sign: '!=', build: (a, b) => equality(a as Node, b as Node, false) },
    '_<_': { sign: '<', build: (a, b) => order(a as Node, b as Node, (x, y) => x < y) },
    '_<=_': { sign: '<=', build: (a, b) => order(a as Node, b as Node, (x, y) => x <= y) },
    '_>_': { sign: '>', build: (a, b) => order(a as Node, b as Node, (x, y) => x > y) },
    '_>=_': { sign: '>=', build: (a, b) => order(a as Node, b as Node, (x, y) => x >= y) },
    '_+_': { sign: '+', build: (a, b) => plus(a as Node, b as Node) },
    '_-_': { sign: '-', build: (a, b) => minus(a as Node, b as Node) },
    '_*_': { sign: '*', build: (a, b) => arithmetic(a as Node, b as Node, (x, y) => x * y) },
    '_/_': { sign: '/', build: (a, b) => divided(a as Node, b as Node) },
    '_%_': { sign: '%', build: (a, b) => remainder(a as Node, b as Node) },
    '@in': { sign: 'in', build: (a, b) => contained(a as Node, b as Node) },
    '_[_]': { sign: '[]', build: (a, b) => indexed(a as Node, b as Node) },
    '_?_:_': { sign: '?:', build: (a, b, c) => conditional(a as Node, b as Node, c as Node) },
  } satisfies Record<string, { sign: string; build: Operator }>),
);

/** Either side may decide alone, also when the other one fails. */
function logical(a: Node, b: Node, decisive: boolean): Built | undefined {
  if (a.type !== 'bool' || b.type !== 'bool') return undefined;
  return {
    type: 'bool',
    run: (e) => {
      let failed: EvaluationError | undefined;
      try {
        if (a.run(e) === decisive) return decisive;
      } catch (error) {
        failed = absorbed(error);
      }
      if (b.run(e) === decisive) return decisive;
      if (failed) throw failed;
      return !decisive;
    },
  };
}

function equality(a: Node, b: Node, wanted: boolean): Built | undefined {
  if (common(a.type, b.type) === undefined && !(isNumber(a.type) && isNumber(b.type))) return undefined;
  const isSimple = typeof a.type === 'string';
  return {
    type: 'bool',
    run: (e) => {
      const left = a.run(e);
      const right = b.run(e);
      if (isSimple) return (left === right) === wanted;
      spend(e.work, 20 * sizeOf(left));
      return sameValue(left, right) === wanted;
    },
  };
}

function order(a: Node, b: Node, holds: (x: number | string, y: number | string) => boolean): Built | undefined {
  const areOrdered = (a.type === b.type && typeof a.type === 'string') || (isNumber(a.type) && isNumber(b.type));
  if (!areOrdered) return undefined;
  return { type: 'bool', run: (e) => holds(a.run(e) as number, b.run(e) as number) };
}

function plus(a: Node, b: Node): Built | undefined {
  const lists = common(a.type, b.type);
  if (typeof lists === 'object' && 'list' in lists)
    return {
      type: lists,
      run: (e) => {
        const joined = [...(a.run(e) as unknown[]), ...(b.run(e) as unknown[])];
        spend(e.work, 5 * joined.length);
        return joined;
      },
    };
  switch (pair(a, b)) {
    case 'string string':
      return {
        type: 'string',
        run: (e) => {
          const joined = (a.run(e) as string) + (b.run(e) as string);
          spend(e.work, joined.length);
          return joined;
        },
      };
    case 'timestamp duration':
    case 'duration timestamp':
      return numeric('timestamp', [a, b], (x, y) => x + y);
    case 'duration duration':
      return numeric('duration', [a, b], (x, y) => x + y);
    default:
      return arithmetic(a, b, (x, y) => x + y);
  }
}

function minus(a: Node, b: Node): Built | undefined {
  switch (pair(a, b)) {
    case 'timestamp timestamp':
    case 'duration duration':
      return numeric('duration', [a, b], (x, y) => x - y);
    case 'timestamp duration':
      return numeric('timestamp', [a, b], (x, y) => x - y);
    default:
      return arithmetic(a, b, (x, y) => x - y);
  }
}

function arithmetic(a: Node, b: Node, compute: (x: number, y: number) => number): Built | undefined {
  return a.type === b.type && isNumber(a.type) ? numeric(a.type, [a, b], compute) : undefined;
}

function divided(a: Node, b: Node): Built | undefined {
  if (a.type !== 'int') return arithmetic(a, b, (x, y) => x / y);
  return arithmetic(a, b, (x, y) => Math.trunc(x / nonZero(y)));
}

function remainder(a: Node, b: Node): Built | undefined {
  return a.type === 'int' ? arithmetic(a, b, (x, y) => x % nonZero(y)) : undefined;
}

function nonZero(divisor: number): number {
  if (divisor === 0) throw new EvaluationError('it divides by zero');
  return divisor;
}

/** Whole numbers beyond those that JavaScript holds exactly are no results. */
function numeric(type: Type, operands: Node[], compute: (x: number, y: number) => number): Built {
  const [a, b] = operands;
  return {
    type,
    run: (e) => {
      const result = compute(a?.run(e) as number, b?.run(e) as number) + 0; // never -0
      if (type !== 'double' && Math.abs(result) > Number.MAX_SAFE_INTEGER)
        throw new EvaluationError('a number becomes too large');
      return result;
    },
  };
}

function contained(a: Node, b: Node): Built | undefined {
  if (typeof b.type === 'string') return undefined;
  if ('map' in b.type)
    return a.type === 'string'
      ? { type: 'bool', run: (e) => (b.run(e) as ReadonlyMap<unknown, unknown>).has(a.run(e)) }
      : undefined;
  if (common(a.type, b.type.list) === undefined && !(isNumber(a.type) && isNumber(b.type.list))) return undefined;
  const isSimple = typeof a.type === 'string';
  return {
    type: 'bool',
    run: (e) => {
      const value = a.run(e);
      const list = b.run(e) as readonly unknown[];
      spend(e.work, 5 * list.length);
      return isSimple ? list.includes(value) : list.some((element) => sameValue(element, value));
    },
  };
}

function indexed(a: Node, b: Node): Built | undefined {
  if (typeof a.type === 'string') return undefined;
  if ('map' in a.type) return b.type === 'string' ? valueAt(a, b, a.type.map) : undefined;
  if (b.type !== 'int') return undefined;
  return {
    type: a.type.list,
    run: (e) => {
      const list = a.run(e) as readonly unknown[];
      const at = b.run(e) as number;
      if (!(at >= 0 && at < list.length)) throw new EvaluationError(`a list of ${list.length} has no element ${at}`);
      return list[at];
    },
  };
}

/** The value of a key in a map; a key that is not there is an error. */
export function valueAt(map: Node, key: Node, type: Type): Built {
  // Made once: many queries lack the key that a rule asks for.
  const missing = typeof key.literal === 'string' ? noKey(key.literal) : undefined;
  return {
    type,
    run: (e) => {
      const name = key.run(e) as string;
      const value = (map.run(e) as ReadonlyMap<string, unknown>).get(name);
      if (value === undefined) throw missing ?? noKey(name);
      return value;
    },
  };
}

function noKey(name: string): EvaluationError {
  return new EvaluationError(`there is no key ${JSON.stringify(name.slice(0, 80))}`);
}

function conditional(a: Node, b: Node, c: Node): Built | undefined {
  const type = common(b.type, c.type);
  if (a.type !== 'bool' || type === undefined) return undefined;
  return { type, run: (e) => (a.run(e) === true ? b.run(e) : c.run(e)) };
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) ? value.length : value instanceof Map ? value.size : 1;
}
