import { FIRST_NON_RESERVED, FIRST_RESERVED, WORD } from './token-types.ts';

/** Keywords that are no identifiers (SqlBase.g4 of Trino 476 to 483). */
const RESERVED = `ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
  CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END
  ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN
  JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL
  NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST
  USING VALUES WHEN WHERE WITH`;

/** Keywords that are identifiers as well, as far as something depends on them here. */
const NON_RESERVED = `ADD ADMIN ALL ANALYZE ANY ARRAY AT AUTHORIZATION BEGIN BERNOULLI BOTH BRANCH BRANCHES CALL CATALOG CATALOGS COLUMN
  COLUMNS COMMENT COMMIT COPARTITION CURRENT DATA DECLARE DEFAULT DEFINE DENY DESC DESCRIPTOR DO DOUBLE ELSEIF EMPTY EXPLAIN FAST FETCH
  FILTER FINAL FIRST FOLLOWING FORWARD FUNCTION FUNCTIONS GRACE GRANT GRANTS GROUPS IF IMMEDIATE INPUT INTERVAL KEEP LANGUAGE
  LATERAL LEADING LIMIT LOOP MATCHED MATCH_RECOGNIZE MATERIALIZED MEASURES MERGE NEXT NFC NFD NFKC NFKD NO NULLS OF OFFSET OPTION
  ORDINALITY OUTPUT OVER PARTITION PASSING PATH PATTERN PERIOD PLAN PRECEDING PRECISION PROPERTIES PRUNE RANGE REFRESH RENAME REPEAT
  REPLACE RESET RETURN RETURNING RETURNS REVOKE ROLE ROLES ROLLBACK ROW ROWS RUNNING SCHEMA SCHEMAS SECURITY SESSION SET SETS
  SHOW SOME START STATS SUBSET SYSTEM TABLES TABLESAMPLE TIES TIME TIMESTAMP TO TRAILING TRANSACTION TRUNCATE TRY_CAST UNBOUNDED
  UNTIL UPDATE USE VALUE VERBOSE VERSION VIEW WHILE WINDOW WITHIN WITHOUT WORK ZONE`;

type Words<T extends string> = T extends `${infer Line}\n  ${infer Rest}`
  ? Words<Line> | Words<Rest>
  : T extends `${infer Word} ${infer Rest}`
    ? Word | Words<Rest>
    : T;
type Keyword = Words<typeof RESERVED> | Words<typeof NON_RESERVED>;

const codes = new Map<string, number>();
for (const [at, word] of RESERVED.split(/\s+/).entries()) codes.set(word, FIRST_RESERVED + at);
for (const [at, word] of NON_RESERVED.split(/\s+/).entries()) codes.set(word, FIRST_NON_RESERVED + at);

/** The token types of the keywords in the lists above. */
export const K = Object.fromEntries(codes) as Readonly<Record<Keyword, number>>;

const { imul } = Math;

/** The word's hash, one character after the other, the same in capital and small letters. */
export const hashStep = (hash: number, code: number) => (imul(hash, 31) + (code & 0xdf)) | 0;

const SLOTS = 2048;
const hashes = new Int32Array(SLOTS);
const types = new Uint16Array(SLOTS);
const words: string[] = Array.from({ length: SLOTS }, () => '');
const slotOf = (hash: number) => (hash ^ (hash >>> 11)) & (SLOTS - 1);

for (const [word, code] of codes) {
  let hash = 0;
  for (let at = 0; at < word.length; at += 1) hash = hashStep(hash, word.charCodeAt(at));
  let slot = slotOf(hash);
  while (types[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
  hashes[slot] = hash;
  types[slot] = code;
  words[slot] = word;
}

/** The token type of the word that stands there: of a keyword, or WORD. */
export function wordType(sql: string, start: number, end: number, hash: number): number {
  let slot = slotOf(hash);
  for (;;) {
    const type = types[slot] ?? 0;
    if (type === 0) return WORD;
    if (hashes[slot] === hash && isWord(sql, start, end, words[slot] ?? '')) return type;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

function isWord(sql: string, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) {
    const code = sql.charCodeAt(start + at);
    if ((code >= 0x61 ? code - 0x20 : code) !== word.charCodeAt(at)) return false;
  }
  return true;
}
