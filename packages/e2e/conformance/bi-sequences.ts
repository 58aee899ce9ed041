/** What a tool runs when it connects and fills its tree: its driver, its source text and the statements in their order. */
export type Sequence = { source: string; headers: Readonly<Record<string, string>>; statements: readonly string[] };

const jdbcHeaders = {
  'x-trino-client-capabilities': 'PATH,PARAMETRIC_DATETIME,SESSION_AUTHORIZATION',
  'x-trino-time-zone': 'Europe/Vienna',
  'x-trino-language': 'en-US',
  'x-trino-transaction-id': 'NONE',
};

const jdbcColumns =
  'TABLE_CAT, TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, DATA_TYPE, TYPE_NAME, COLUMN_SIZE, BUFFER_LENGTH, DECIMAL_DIGITS, NUM_PREC_RADIX, NULLABLE, REMARKS, COLUMN_DEF, ' +
  'SQL_DATA_TYPE, SQL_DATETIME_SUB, CHAR_OCTET_LENGTH, ORDINAL_POSITION, IS_NULLABLE, SCOPE_CATALOG, SCOPE_SCHEMA, SCOPE_TABLE, SOURCE_DATA_TYPE, IS_AUTOINCREMENT, IS_GENERATEDCOLUMN';

/** By what java.sql.DatabaseMetaData of the driver asks for (TrinoDatabaseMetaData) when DBeaver opens a connection and its tree. */
const dbeaver: Sequence = {
  source: 'DBeaver 25.2 - Metadata',
  headers: { ...jdbcHeaders, 'x-trino-catalog': 'tpch' },
  statements: [
    'SELECT 1',
    'SELECT TABLE_TYPE FROM system.jdbc.table_types ORDER BY TABLE_TYPE',
    'SELECT TYPE_NAME, DATA_TYPE, PRECISION, LITERAL_PREFIX, LITERAL_SUFFIX, CREATE_PARAMS, NULLABLE, CASE_SENSITIVE, SEARCHABLE, UNSIGNED_ATTRIBUTE, FIXED_PREC_SCALE, AUTO_INCREMENT, LOCAL_TYPE_NAME, MINIMUM_SCALE, MAXIMUM_SCALE, SQL_DATA_TYPE, SQL_DATETIME_SUB, NUM_PREC_RADIX FROM system.jdbc.types ORDER BY DATA_TYPE',
    'SELECT TABLE_CAT FROM system.jdbc.catalogs ORDER BY TABLE_CAT',
    "SELECT TABLE_SCHEM, TABLE_CATALOG FROM system.jdbc.schemas WHERE TABLE_CATALOG = 'tpch' ORDER BY TABLE_CATALOG, TABLE_SCHEM",
    "SELECT TABLE_CAT, TABLE_SCHEM, TABLE_NAME, TABLE_TYPE, REMARKS, TYPE_CAT, TYPE_SCHEM, TYPE_NAME, SELF_REFERENCING_COL_NAME, REF_GENERATION FROM system.jdbc.tables WHERE TABLE_CAT = 'tpch' AND TABLE_SCHEM LIKE 'tiny' ESCAPE '\\' AND TABLE_TYPE IN ('TABLE', 'VIEW') ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME",
    `SELECT ${jdbcColumns} FROM system.jdbc.columns WHERE TABLE_CAT = 'tpch' AND TABLE_SCHEM LIKE 'tiny' ESCAPE '\\' AND TABLE_NAME LIKE 'nation' ESCAPE '\\' ORDER BY TABLE_CAT, TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION`,
    'SELECT * FROM "tpch"."tiny"."nation" LIMIT 200',
  ],
};

/** By the dialect of the Python package (trino/sqlalchemy/dialect.py) when Superset tests a database and lists a schema. */
const superset: Sequence = {
  source: 'Apache Superset',
  headers: {
    'x-trino-client-capabilities': 'PARAMETRIC_DATETIME,SESSION_AUTHORIZATION',
    'x-trino-catalog': 'tpch',
    'x-trino-schema': 'tiny',
    'x-trino-transaction-id': 'NONE',
  },
  statements: [
    'SELECT version()',
    'SELECT current_catalog, current_schema',
    "EXECUTE IMMEDIATE 'SELECT 1'",
    'SELECT "schema_name" FROM "tpch"."information_schema"."schemata"',
    'SELECT "table_name" FROM "tpch"."information_schema"."tables" WHERE "table_schema" = \'tiny\' AND "table_type" = \'BASE TABLE\'',
    'SELECT "table_name" FROM "tpch"."information_schema"."tables" WHERE "table_schema" = \'tiny\' AND "table_type" = \'VIEW\'',
    'SELECT "column_name", "data_type", "column_default", UPPER("is_nullable") AS "is_nullable" FROM "tpch"."information_schema"."columns" WHERE "table_schema" = \'tiny\' AND "table_name" = \'nation\' ORDER BY "ordinal_position" ASC',
    'SELECT "comment" FROM "system"."metadata"."table_comments" WHERE "catalog_name" = \'tpch\' AND "schema_name" = \'tiny\' AND "table_name" = \'nation\'',
    'SELECT * FROM "tpch"."tiny"."nation$partitions" WHERE 1 = 0',
    'SHOW CREATE TABLE "tpch"."tiny"."nation"',
    'SELECT * FROM "tpch"."tiny"."nation" LIMIT 101',
  ],
};

/** By the driver of the Trino (Starburst) plugin (starburst/sync.clj, metabase.driver.sql) when Metabase syncs and fingerprints. */
const metabase: Sequence = {
  source: 'Metabase',
  headers: { ...jdbcHeaders, 'x-trino-client-info': 'Metabase' },
  statements: [
    "SET TIME ZONE 'UTC'",
    'SELECT 1 AS "one"',
    'SELECT current_timezone() = current_timezone() AS "same"',
    'SHOW CATALOGS',
    'SHOW SCHEMAS FROM "tpch"',
    'SHOW TABLES FROM "tpch"."tiny"',
    'DESCRIBE "tpch"."tiny"."nation"',
    'SELECT true AS "_" FROM "tpch"."tiny"."nation" WHERE 1 <> 1 LIMIT 0',
    'SELECT "tpch"."tiny"."nation"."name" AS "name", substring("tpch"."tiny"."nation"."comment", 1, 1234) AS "comment" FROM "tpch"."tiny"."nation" LIMIT 10000',
    'SELECT count(distinct "source"."name") AS "count" FROM (SELECT "tpch"."tiny"."nation"."name" AS "name" FROM "tpch"."tiny"."nation" LIMIT 1000) "source"',
    'SELECT "missing" FROM "tpch"."tiny"."nation"',
  ],
};

/** The start of each tool, written from what is known of its source. */
export const sequences = { dbeaver, superset, metabase } as const;
