-- INSERT Insert: memory.default.t, tpch.tiny.nation
INSERT INTO memory.default.t SELECT * FROM nation

-- INSERT Insert: memory.default.t
INSERT INTO memory.default.t (a, b) VALUES (1, 'x'), (2, 'y')

-- INSERT Insert: tpch.tiny.t, tpch.tiny.nation
INSERT INTO t (a) (SELECT name FROM nation)

-- INSERT Insert: tpch.tiny.t, tpch.tiny.nation, tpch.tiny.region
INSERT INTO t ((SELECT name FROM nation) UNION (SELECT name FROM region))

-- INSERT Insert: tpch.tiny.t, tpch.tiny.nation
INSERT INTO t TABLE nation

-- INSERT Insert: memory.default.t, tpch.tiny.nation
INSERT INTO memory.default.t WITH a AS (SELECT * FROM nation) SELECT * FROM a

-- INSERT Insert: tpch.tiny.t, tpch.tiny.region
INSERT INTO t (SELECT * FROM region)

-- INSERT Insert: memory.default.t
INSERT INTO "memory"."default"."T" ("A") SELECT 1

-- INSERT CreateTableAsSelect: memory.default.copy, tpch.tiny.nation
CREATE TABLE memory.default.copy AS SELECT * FROM nation

-- INSERT CreateTableAsSelect: memory.default.copy, tpch.tiny.nation
CREATE TABLE memory.default.copy AS (SELECT * FROM nation) WITH NO DATA

-- INSERT CreateTableAsSelect: memory.default.new_copy, tpch.tiny.nation
CREATE TABLE IF NOT EXISTS memory.default.new_copy AS SELECT * FROM nation WITH DATA

-- INSERT CreateTableAsSelect: memory.default.copy, tpch.tiny.region
CREATE OR REPLACE TABLE memory.default.copy COMMENT 'from region' AS TABLE region

-- INSERT CreateTableAsSelect: memory.default.copy, tpch.tiny.nation, tpch.tiny.region
CREATE TABLE memory.default.copy (a, b) COMMENT 'x' WITH (format = 'ORC', partitioned_by = ARRAY['b']) AS SELECT name, regionkey FROM nation WHERE regionkey IN (SELECT regionkey FROM region)

-- INSERT CreateTableAsSelect: tpch.tiny.copy, tpch.tiny.nation, tpch.tiny.region
CREATE TABLE copy AS WITH a AS (SELECT * FROM nation) SELECT * FROM a JOIN region USING (regionkey)

-- INSERT CreateTableAsSelect: memory.default.v
CREATE TABLE memory.default.v AS VALUES (1, 2)

-- DATA_DEFINITION CreateTable: memory.default.t
CREATE TABLE memory.default.t (a bigint, b varchar(10) NOT NULL COMMENT 'b', c decimal(10, 2), d array(row(x bigint)), e timestamp(3) with time zone)

-- DATA_DEFINITION CreateTable: memory.default.t
CREATE TABLE IF NOT EXISTS memory.default.t (a bigint) COMMENT 'two' WITH (max_rows = 3)

-- DATA_DEFINITION CreateTable: memory.default.t, tpch.tiny.nation
CREATE TABLE memory.default.t (LIKE tpch.tiny.nation INCLUDING PROPERTIES, extra bigint)

-- DATA_DEFINITION CreateTable: memory.default.t, tpch.tiny.nation, tpch.tiny.region
CREATE TABLE memory.default.t (id bigint WITH (index = true), LIKE nation EXCLUDING PROPERTIES, LIKE region)

-- DATA_DEFINITION CreateTable: tpch.tiny.t
CREATE OR REPLACE TABLE t ("LIKE" bigint)

-- DELETE Delete: memory.default.t
DELETE FROM memory.default.t

-- DELETE Delete: memory.default.t, tpch.tiny.nation
DELETE FROM memory.default.t WHERE a IN (SELECT nationkey FROM nation) AND b = 'x'

-- UPDATE Update: memory.default.t
UPDATE memory.default.t SET a = 1

-- UPDATE Update: memory.default.t, tpch.tiny.nation, tpch.tiny.region
UPDATE memory.default.t SET a = a + 1, b = (SELECT max(name) FROM nation) WHERE a < 3 AND EXISTS (SELECT 1 FROM region)

-- MERGE Merge: memory.default.t, tpch.tiny.nation
MERGE INTO memory.default.t USING tpch.tiny.nation n ON t.a = n.nationkey WHEN MATCHED THEN DELETE

-- MERGE Merge: memory.default.t, tpch.tiny.nation
MERGE INTO memory.default.t AS x USING (SELECT * FROM nation WHERE regionkey = 1) AS s ON x.a = s.nationkey WHEN MATCHED AND s.name LIKE 'A%' THEN UPDATE SET b = s.name, a = s.nationkey + 1 WHEN NOT MATCHED AND s.nationkey > 3 THEN INSERT (a, b) VALUES (s.nationkey, s.name)

-- MERGE Merge: tpch.tiny.t, tpch.tiny.nation, tpch.tiny.region, tpch.tiny.supplier
MERGE INTO t USING nation JOIN region ON nation.regionkey = region.regionkey ON t.a = nation.nationkey AND CASE WHEN t.b IS NULL THEN true ELSE false END WHEN NOT MATCHED THEN INSERT VALUES (nation.nationkey, (SELECT max(name) FROM supplier)) WHEN MATCHED THEN UPDATE SET b = 'x'

-- MERGE Merge: tpch.tiny.t
MERGE INTO t x USING (VALUES (1, 'a')) AS s (k, v) ON x.a = s.k WHEN MATCHED THEN DELETE

-- DATA_DEFINITION TruncateTable: memory.default.t
TRUNCATE TABLE memory.default.t

-- ANALYZE Analyze: memory.default.t
ANALYZE memory.default.t

-- ANALYZE Analyze: lake.db.t
ANALYZE lake.db.t WITH (partitions = ARRAY[ARRAY['a', 'b']])

-- INSERT RefreshMaterializedView: lake.db.mv
REFRESH MATERIALIZED VIEW lake.db.mv

-- ALTER_TABLE_EXECUTE TableExecute: lake.db.t
ALTER TABLE lake.db.t EXECUTE optimize

-- ALTER_TABLE_EXECUTE TableExecute: lake.db.t
ALTER TABLE lake.db.t EXECUTE optimize(file_size_threshold => '10MB')

-- ALTER_TABLE_EXECUTE TableExecute: lake.db.t
ALTER TABLE lake.db.t EXECUTE expire_snapshots(retention_threshold => '7d') WHERE a > DATE '2020-01-01'

-- DATA_DEFINITION CreateView: memory.default.v2, tpch.tiny.nation
CREATE VIEW memory.default.v2 AS SELECT * FROM nation

-- DATA_DEFINITION CreateView: memory.default.v2, tpch.tiny.nation, tpch.tiny.region
CREATE OR REPLACE VIEW memory.default.v2 COMMENT 'as' SECURITY INVOKER AS SELECT n.name FROM nation n JOIN region r USING (regionkey)

-- DATA_DEFINITION CreateView: tpch.tiny.v2, tpch.tiny.nation
CREATE VIEW v2 SECURITY DEFINER AS WITH a AS (SELECT * FROM nation) SELECT * FROM a

-- DATA_DEFINITION CreateMaterializedView: lake.db.mv, tpch.tiny.nation
CREATE MATERIALIZED VIEW lake.db.mv AS SELECT count(*) AS c FROM nation

-- DATA_DEFINITION CreateMaterializedView: lake.db.mv, tpch.tiny.nation
CREATE OR REPLACE MATERIALIZED VIEW IF NOT EXISTS lake.db.mv GRACE PERIOD INTERVAL '10' MINUTE COMMENT 'm' WITH (format = 'ORC') AS SELECT * FROM nation

-- DATA_DEFINITION CreateFunction:
CREATE FUNCTION memory.default.twice(x bigint) RETURNS bigint RETURN x * 2

-- DATA_DEFINITION CreateFunction:
CREATE OR REPLACE FUNCTION thrice(x bigint) RETURNS bigint LANGUAGE SQL NOT DETERMINISTIC CALLED ON NULL INPUT BEGIN DECLARE y bigint; SET y = x * 3; RETURN y; END

-- DATA_DEFINITION CreateFunction:
CREATE FUNCTION memory.default.py(x integer) RETURNS integer LANGUAGE PYTHON WITH (handler = 'py') AS $$
def py(x): return x
$$

-- DATA_DEFINITION DropFunction:
DROP FUNCTION IF EXISTS memory.default.twice(bigint)

-- DATA_DEFINITION DropFunction:
DROP FUNCTION twice(x bigint, decimal(10, 2))
