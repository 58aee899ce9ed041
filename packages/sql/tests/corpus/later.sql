-- DATA_DEFINITION CreateBranch: lake.db.t
CREATE BRANCH dev IN TABLE lake.db.t

-- DATA_DEFINITION CreateBranch: lake.db.t
CREATE OR REPLACE BRANCH dev WITH (a = 1) IN TABLE lake.db.t FROM main

-- DATA_DEFINITION DropBranch: tpch.tiny.t
DROP BRANCH IF EXISTS dev IN TABLE t

-- DATA_DEFINITION FastForwardBranch: lake.db.t
ALTER BRANCH main IN TABLE lake.db.t FAST FORWARD TO dev

-- DESCRIBE ShowBranches: lake.db.t
SHOW BRANCHES FROM TABLE lake.db.t

-- DESCRIBE ShowBranches: tpch.tiny.t
SHOW BRANCHES IN TABLE t

-- INSERT Insert: lake.db.t, tpch.tiny.nation
INSERT INTO lake.db.t @ dev (a) SELECT nationkey FROM nation

-- DELETE Delete: lake.db.t
DELETE FROM lake.db.t @ dev WHERE a = 1

-- UPDATE Update: lake.db.t
UPDATE lake.db.t @ dev SET a = 2

-- MERGE Merge: lake.db.t, tpch.tiny.nation
MERGE INTO lake.db.t @ dev AS x USING nation n ON x.a = n.nationkey WHEN MATCHED THEN DELETE

-- DATA_DEFINITION SetDefaultValue: lake.db.t
ALTER TABLE lake.db.t ALTER COLUMN a SET DEFAULT 3

-- DATA_DEFINITION DropDefaultValue: tpch.tiny.t
ALTER TABLE t ALTER COLUMN a DROP DEFAULT

-- DATA_DEFINITION AddColumn: tpch.tiny.t
ALTER TABLE t ADD COLUMN b bigint FIRST

-- DATA_DEFINITION CreateTable: lake.db.t
CREATE TABLE lake.db.t (a bigint DEFAULT 3 NOT NULL)

-- DATA_DEFINITION RefreshView: lake.db.v
ALTER VIEW lake.db.v REFRESH

-- DATA_DEFINITION SetAuthorizationStatement: tpch.tiny.mv
ALTER MATERIALIZED VIEW mv SET AUTHORIZATION ROLE admin

-- DATA_DEFINITION Grant: tpch.tiny.t
GRANT CREATE BRANCH ON TABLE t TO alice

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation FOR VERSION AS OF 'dev'

-- SELECT Query: tpch.tiny.nation
SELECT * FROM nation CORRESPONDING

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
SELECT name FROM nation UNION CORRESPONDING SELECT name FROM region

-- DATA_DEFINITION SetAuthorizationStatement: unknown
ALTER FUNCTION f SET AUTHORIZATION bob

-- SELECT Query: tpch.tiny.nation
SELECT * FROM nation GROUP BY AUTO

-- SELECT Query: tpch.tiny.nation
SELECT name FROM nation n TABLESAMPLE BERNOULLI (10) WHERE true
