import { UntranslatableError } from './syntax.ts';

/** A word, a number, a text in quotes (with its value), a sign. */
export type Token = { is: 'word' | 'number' | 'text' | 'sign' | 'end'; text: string };

const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_$][\w$]*)|(\d+(?:\.\d+)?)|("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')|(&&|\|\||==|!=|<=|>=|~=|[-+*/%<>!=()[\]{},;.?:])/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0' };
const LONGEST = 100_000;
const MOST = 5_000;

/** @throws UntranslatableError at a character that is none of MVEL */
export function tokensOf(source: string): Token[] {
  if (source.length > LONGEST) throw new UntranslatableError(`it is longer than ${LONGEST} characters`);
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(source);
    if (!found) throw new UntranslatableError(`${JSON.stringify(source[at])} is not understood`);
    const [, word, number, text, sign] = found;
    if (word !== undefined) tokens.push({ is: 'word', text: word });
    else if (number !== undefined) tokens.push({ is: 'number', text: number });
    else if (text !== undefined) tokens.push({ is: 'text', text: unescaped(text.slice(1, -1)) });
    else if (sign !== undefined) tokens.push({ is: 'sign', text: sign });
    if (tokens.length > MOST) throw new UntranslatableError(`it has more than ${MOST} words and signs`);
  }
  return [...tokens, { is: 'end', text: 'the end' }];
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|([\s\S]))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
