import { type Expression, type Statement, UntranslatableError } from './syntax.ts';
import { type Token, tokensOf } from './tokens.ts';

/** By how strongly they bind, the weakest first. */
const OPERATORS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '>', '<=', '>=', 'contains', '~=', 'is', 'instanceof', 'strsim', 'soundslike'],
  ['+', '-'],
  ['*', '/', '%'],
];
const DEEPEST = 700; // some 80 brackets

/** Reads a condition. @throws UntranslatableError */
export function parseExpression(source: string): Expression {
  const reader = createReader(tokensOf(source));
  const read = expression(reader);
  reader.skip(';');
  reader.expectEnd();
  return read;
}

/** Reads an action. @throws UntranslatableError */
export function parseStatements(source: string): Statement[] {
  const reader = createReader(tokensOf(source));
  const read: Statement[] = [];
  while (!reader.atEnd()) read.push(...statement(reader));
  return read;
}

type Reader = ReturnType<typeof createReader>;

function createReader(tokens: readonly Token[]) {
  let at = 0;
  let depth = 0;
  const next = () => tokens[Math.min(at, tokens.length - 1)] as Token;
  const isNext = (text: string) => next().text === text && (next().is === 'sign' || next().is === 'word');
  return {
    next,
    isNext,
    atEnd: () => next().is === 'end',
    take: () => {
      const token = next();
      at++;
      return token;
    },
    skip: (text: string) => {
      const found = isNext(text);
      if (found) at++;
      return found;
    },
    expect: (text: string) => {
      if (!isNext(text)) throw new UntranslatableError(`expected ${text}, found ${next().text}`);
      at++;
    },
    expectEnd: () => {
      if (next().is !== 'end') throw new UntranslatableError(`${next().text} is not understood there`);
    },
    nested: <Read>(read: () => Read): Read => {
      if (++depth > DEEPEST) throw new UntranslatableError(`it is nested too deeply`);
      const result = read();
      depth--;
      return result;
    },
  };
}

function statement(reader: Reader): Statement[] {
  return reader.nested(() => {
    if (reader.skip(';')) return [];
    if (reader.skip('{')) {
      const inner: Statement[] = [];
      while (!reader.skip('}')) {
        if (reader.atEnd()) throw new UntranslatableError('expected }, found the end');
        inner.push(...statement(reader));
      }
      return inner;
    }
    if (reader.skip('if')) {
      reader.expect('(');
      const when = expression(reader);
      reader.expect(')');
      const then = statement(reader);
      return [{ is: 'if', when, then, otherwise: reader.skip('else') ? statement(reader) : [] }];
    }
    const what = expression(reader);
    const read: Statement = reader.skip('=')
      ? { is: 'assign', to: what, value: expression(reader) }
      : { is: 'do', what };
    if (!reader.skip(';') && !reader.isNext('}') && !reader.isNext('else')) reader.expectEnd();
    return [read];
  });
}

function expression(reader: Reader, level = 0): Expression {
  const operators = OPERATORS[level];
  if (operators === undefined) return unary(reader);
  return reader.nested(() => {
    let left = expression(reader, level + 1);
    for (let found = anyOf(reader, operators); found !== undefined; found = anyOf(reader, operators))
      left = { is: 'binary', operator: found, left, right: expression(reader, level + 1) };
    if (level === 0 && reader.isNext('?')) throw new UntranslatableError('? : has no counterpart');
    return left;
  });
}

function anyOf(reader: Reader, operators: readonly string[]): string | undefined {
  return operators.find((operator) => reader.skip(operator));
}

function unary(reader: Reader): Expression {
  return reader.nested(() => (reader.skip('!') ? { is: 'not', of: unary(reader) } : postfix(reader)));
}

function postfix(reader: Reader): Expression {
  let read = primary(reader);
  for (;;) {
    if (reader.skip('.')) {
      const { is, text: name } = reader.take();
      if (is !== 'word') throw new UntranslatableError(`expected a name after a dot, found ${name}`);
      read = { is: 'member', of: read, name, args: reader.skip('(') ? list(reader, ')') : [] };
    } else if (reader.skip('[')) {
      read = { is: 'index', of: read, at: expression(reader) };
      reader.expect(']');
    } else return read;
  }
}

function list(reader: Reader, end: string): Expression[] {
  const items: Expression[] = [];
  if (reader.skip(end)) return items;
  do items.push(expression(reader));
  while (reader.skip(','));
  reader.expect(end);
  return items;
}

function primary(reader: Reader): Expression {
  const token = reader.take();
  switch (token.is) {
    case 'text':
      return { is: 'text', value: token.text };
    case 'number':
      return { is: 'number', value: Number(token.text) };
    case 'word':
      return word(token.text, reader);
    case 'sign':
      if (token.text === '[') return { is: 'list', items: list(reader, ']') };
      if (token.text !== '(') break;
      return closed(expression(reader), reader);
  }
  throw new UntranslatableError(`${token.text} is not understood there`);
}

function closed(read: Expression, reader: Reader): Expression {
  reader.expect(')');
  return read;
}

function word(name: string, reader: Reader): Expression {
  switch (name) {
    case 'true':
    case 'false':
      return { is: 'boolean', value: name === 'true' };
    case 'null':
    case 'nil':
      return { is: 'null' };
    case 'new': {
      const parts = [reader.take().text];
      while (reader.skip('.')) parts.push(reader.take().text);
      reader.expect('(');
      return { is: 'new', name: parts.join('.'), args: list(reader, ')') };
    }
    default:
      if (reader.skip('(')) throw new UntranslatableError(`the function ${name} has no counterpart`);
      return { is: 'name', name };
  }
}
