/** What another reader of statements makes of one, where it differs from what is found out here, and why. */
type Disagreement = { begins: string; because: string };

const twoStatements = 'it reads the query in brackets as a statement of its own; Trino 476 runs it as one';
const unknownToIt = 'its grammar is older than 476, which runs it';

/** Statements of Trino 476 that dt-sql-parser does not know, or reads in another way. */
export const withDtSqlParser: readonly Disagreement[] = [
  {
    begins: 'ALTER TABLE memory.default.t RENAME TO u',
    because: 'Trino looks for a new name without schema in the schema of the old one, not in that of the session',
  },
  { begins: 'SELECT name FROM nation WHERE regionkey >= ALL (SELECT', because: twoStatements },
  { begins: 'SELECT name FROM nation WHERE regionkey <> SOME (TABLE', because: twoStatements },
  { begins: 'SELECT * FROM nation CROSS JOIN LATERAL (', because: twoStatements },
  { begins: 'WITH a AS (SELECT * FROM UNNEST(ARRAY[1]) AS t (x)) SELECT * FROM a, LATERAL', because: twoStatements },
  { begins: 'WITH FUNCTION p(x integer) RETURNS integer LANGUAGE PYTHON', because: unknownToIt },
  { begins: 'CREATE FUNCTION memory.default.py(x integer) RETURNS integer LANGUAGE PYTHON', because: unknownToIt },
  { begins: 'WITH SESSION ', because: unknownToIt },
  { begins: 'EXPLAIN ANALYZE VERBOSE ', because: 'it takes ANALYZE for an option of EXPLAIN there' },
];
