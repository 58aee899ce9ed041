import { type PlacedToken, placedTokens } from '@trino-gateway/sql';

type Tokens = Iterator<PlacedToken, void>;

/** Names, columns and properties of a table have fewer. */
const MOST_TOKENS = 20_000;

/** Reserved words that a query begins with. */
const BEGINS_QUERY = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE']);

/** The query whose rows an INSERT or a CREATE TABLE AS writes; undefined when it is not found. */
export function writtenQuery(statement: string): string | undefined {
  const tokens = placedTokens(statement).take(MOST_TOKENS);
  const first = wordOf(next(tokens));
  if (first === 'INSERT') return insertedQuery(statement, tokens);
  return first === 'CREATE' ? tableQuery(statement, tokens) : undefined;
}

/** INSERT INTO name [(columns)] query. */
function insertedQuery(statement: string, tokens: Tokens): string | undefined {
  if (wordOf(next(tokens)) !== 'INTO') return undefined;
  next(tokens);
  let token = next(tokens);
  while (symbolOf(token) === '.') {
    next(tokens);
    token = next(tokens);
  }
  if (symbolOf(token) === '(') {
    const inside = next(tokens);
    const isQuery = symbolOf(inside) === '(' || BEGINS_QUERY.has(wordOf(inside));
    if (isQuery) return statement.slice(token?.at);
    do token = next(tokens);
    while (token !== undefined && symbolOf(token) !== ')');
    token = next(tokens);
  }
  return token && (symbolOf(token) === '(' || BEGINS_QUERY.has(wordOf(token))) ? statement.slice(token.at) : undefined;
}

/** CREATE [OR REPLACE] TABLE name … AS query [WITH [NO] DATA]. */
function tableQuery(statement: string, tokens: Tokens): string | undefined {
  let depth = 0;
  for (let token = next(tokens); token; token = next(tokens)) {
    const symbol = symbolOf(token);
    depth += symbol === '(' ? 1 : symbol === ')' ? -1 : 0;
    if (depth !== 0 || wordOf(token) !== 'AS') continue;
    const query = next(tokens);
    return query && statement.slice(query.at).replace(/\bWITH\s+(NO\s+)?DATA\s*$/i, '');
  }
  return undefined;
}

function next(tokens: Tokens): PlacedToken | undefined {
  return tokens.next().value ?? undefined;
}

function wordOf(token: PlacedToken | undefined): string {
  return token?.token.kind === 'word' ? token.token.text.toUpperCase() : '';
}

function symbolOf(token: PlacedToken | undefined): string {
  return token?.token.kind === 'symbol' ? token.token.text : '';
}
