import { parseUntrustedJson } from '@trino-gateway/json';

/** The members to read of an object: whole, or some of those of an object in it. */
export type Members = { readonly [name: string]: true | Members };

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Reads the given members of a JSON object and skips all others without decoding them: most of a long event is in a few members
 * that are not needed. A member that should be an object and is none is left out.
 * @throws SyntaxError when it is not a JSON object, as far as it was read
 */
export function pickMembers(json: Buffer, members: Members): Record<string, unknown> {
  const start = skipBlanks(json, 0);
  const { value, end } = readObject(json, start, members);
  if (skipBlanks(json, end) !== json.length) throw new SyntaxError('something follows the object');
  return value;
}

function readObject(json: Buffer, start: number, members: Members): { value: Record<string, unknown>; end: number } {
  const value: Record<string, unknown> = {};
  let at = skipBlanks(json, expect(json, start, OBJECT));
  if (json[at] === OBJECT_END) return { value, end: at + 1 };
  for (;;) {
    const nameEnd = skipString(json, at);
    const name: string = JSON.parse(json.toString('utf8', at, nameEnd));
    at = skipBlanks(json, expect(json, skipBlanks(json, nameEnd), COLON));
    const wish = Object.hasOwn(members, name) ? members[name] : undefined;
    if (typeof wish === 'object' && json[at] === OBJECT) {
      const inner = readObject(json, at, wish);
      value[name] = inner.value;
      at = inner.end;
    } else {
      const end = skipValue(json, at);
      if (wish === true) value[name] = parseUntrustedJson(json.toString('utf8', at, end));
      at = end;
    }
    at = skipBlanks(json, at);
    if (json[at] === OBJECT_END) return { value, end: at + 1 };
    at = skipBlanks(json, expect(json, at, COMMA));
  }
}

/** @returns the position after the value that begins here */
function skipValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === QUOTE) return skipString(json, start);
  if (first === OBJECT || first === LIST) return skipNested(json, start);
  let at = start;
  while (at < json.length && !isEndOfPlainValue(json[at])) at++;
  if (at === start) throw new SyntaxError(`a value is missing at ${start}`);
  return at;
}

function skipNested(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; ) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = skipString(json, at);
      continue;
    }
    at++;
    if (byte === OBJECT || byte === LIST) depth++;
    else if ((byte === OBJECT_END || byte === LIST_END) && --depth === 0) return at;
  }
  throw new SyntaxError('the text ends in the middle');
}

function skipString(json: Buffer, start: number): number {
  for (let at = expect(json, start, QUOTE); at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  throw new SyntaxError('the text ends in the middle of a string');
}

function skipBlanks(json: Buffer, start: number): number {
  let at = start;
  while (isBlank(json[at])) at++;
  return at;
}

function expect(json: Buffer, at: number, byte: number): number {
  if (json[at] !== byte) throw new SyntaxError(`expected ${String.fromCharCode(byte)} at ${at}`);
  return at + 1;
}

const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const isEndOfPlainValue = (byte: number | undefined) =>
  byte === COMMA || byte === OBJECT_END || byte === LIST_END || isBlank(byte);
