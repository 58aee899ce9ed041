/** One token of a statement; comments and whitespace are none. */
export type SqlToken =
  /** A keyword or an identifier without quotes, as written. */
  | { kind: 'word'; text: string }
  /** A "quoted identifier", without its quotes. */
  | { kind: 'quoted'; text: string }
  /** A string literal, decoded: '' is one quote, U&'\0041' its characters. */
  | { kind: 'string'; text: string }
  /** `=>`, `||`, or any other single character. */
  | { kind: 'symbol'; text: string }
  /** A quote or a comment that never ends, or a literal that cannot be decoded; nothing follows it. */
  | { kind: 'broken' };

const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isWordStart = (code: number) => (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
const isWordPart = (code: number) => isWordStart(code) || (code >= 0x30 && code <= 0x39);

/** A token, and where in the statement it begins. */
export type PlacedToken = { token: SqlToken; at: number };

/** The tokens of a statement, read on demand in one pass. */
export function* sqlTokens(sql: string): Generator<SqlToken, void, void> {
  for (const { token } of placedTokens(sql)) yield token;
}

/** The same, with their places. */
export function* placedTokens(sql: string): Generator<PlacedToken, void, void> {
  let at = 0;
  for (;;) {
    at = afterGap(sql, at);
    if (at >= sql.length) return;
    const { token, end } = tokenAt(sql, at, sql.charCodeAt(at));
    yield { token, at };
    if (token.kind === 'broken') return;
    at = end;
  }
}

type Found = { token: SqlToken; end: number };

const broken: SqlToken = { kind: 'broken' };

/** End of the comment that begins here, `at` when none does, or it never ends. Brackets don't nest in Trino. */
function afterComment(sql: string, at: number): number {
  if (sql.startsWith('--', at)) {
    let end = at + 2;
    while (end < sql.length && sql[end] !== '\n' && sql[end] !== '\r') end += 1;
    return end;
  }
  if (!sql.startsWith('/*', at)) return at;
  const end = sql.indexOf('*/', at + 2);
  return end < 0 ? at : end + 2;
}

function tokenAt(sql: string, at: number, code: number): Found {
  if (code === 0x27) return stringAt(sql, at);
  if (sql.startsWith('/*', at)) return { token: broken, end: sql.length };
  if (code === 0x22) {
    const end = closingQuote(sql, at + 1, '"');
    if (end < 0) return { token: broken, end: sql.length };
    return { token: { kind: 'quoted', text: sql.slice(at + 1, end).replaceAll('""', '"') }, end: end + 1 };
  }
  if ((code === 0x55 || code === 0x75) && sql.startsWith("&'", at + 1)) return unicodeStringAt(sql, at);
  if (isWordStart(code)) {
    let end = at + 1;
    while (end < sql.length && isWordPart(sql.charCodeAt(end))) end += 1;
    return { token: { kind: 'word', text: sql.slice(at, end) }, end };
  }
  const two = sql.slice(at, at + 2);
  const text = two === '=>' || two === '||' ? two : two.slice(0, 1);
  return { token: { kind: 'symbol', text }, end: at + text.length };
}

function stringAt(sql: string, at: number): Found {
  const end = closingQuote(sql, at + 1, "'");
  if (end < 0) return { token: broken, end: sql.length };
  return { token: { kind: 'string', text: sql.slice(at + 1, end).replaceAll("''", "'") }, end: end + 1 };
}

/** Longest literal whose escapes are decoded. */
const maxUnicodeLiteral = 65_536;

function unicodeStringAt(sql: string, at: number): Found {
  const { token, end } = stringAt(sql, at + 2);
  if (token.kind !== 'string') return { token, end };
  const uescape = uescapeAt(sql, end);
  const mark = uescape === undefined ? '\\' : uescape.mark;
  const text = mark === undefined || token.text.length > maxUnicodeLiteral ? undefined : unescaped(token.text, mark);
  if (text === undefined) return { token: broken, end: sql.length };
  return { token: { kind: 'string', text }, end: uescape?.end ?? end };
}

/** The text of a U& literal (AstBuilder.decodeUnicodeLiteral); undefined when Trino refuses one of its escapes. */
function unescaped(text: string, mark: string): string | undefined {
  let found = '';
  let at = 0;
  for (;;) {
    const sign = text.indexOf(mark, at);
    if (sign < 0) return found + text.slice(at);
    found += text.slice(at, sign);
    if (text[sign + 1] === mark) {
      found += mark;
      at = sign + 2;
      continue;
    }
    const [start, length] = text[sign + 1] === '+' ? [sign + 2, 6] : [sign + 1, 4];
    const digits = text.slice(start, start + length);
    const point = digits.length === length && /^[0-9a-f]+$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
    if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    found += String.fromCodePoint(point);
    at = start + length;
  }
}

/** Printable, but no quote, plus or hexadecimal digit. */
const validMark = /^'((?![0-9a-f+'"])[!-~])'$/i;

/** The escape character that a literal's UESCAPE clause names, undefined when Trino takes no such one, and the end of the clause. */
function uescapeAt(sql: string, from: number): { mark: string | undefined; end: number } | undefined {
  const word = afterGap(sql, from);
  if (sql.slice(word, word + 7).toUpperCase() !== 'UESCAPE') return undefined;
  const start = afterGap(sql, word + 7);
  if (sql[start] !== "'") return undefined;
  return { mark: validMark.exec(sql.slice(start, start + 3))?.[1], end: start + 3 };
}

function afterGap(sql: string, from: number): number {
  let at = from;
  while (at < sql.length) {
    const end = isSpace(sql.charCodeAt(at)) ? at + 1 : afterComment(sql, at);
    if (end === at) break;
    at = end;
  }
  return at;
}

/** Position of the quote that ends the text, past doubled ones; -1 when there is none. */
function closingQuote(sql: string, from: number, quote: string): number {
  let at = sql.indexOf(quote, from);
  while (at >= 0 && sql[at + 1] === quote) at = sql.indexOf(quote, at + 2);
  return at;
}
