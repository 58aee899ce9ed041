-- DATA_DEFINITION Use: | tpch.tiny
USE tiny

-- DATA_DEFINITION Use: | tpch.sf1
USE tpch.sf1

-- DATA_DEFINITION Use: | "odd.catalog".s
USE "odd.catalog"."S"

-- DATA_DEFINITION SetSession:
SET SESSION query_max_run_time = '1h'

-- DATA_DEFINITION SetSession:
SET SESSION memory.max_data = 3 + 4

-- DATA_DEFINITION SetSession:
SET SESSION join_distribution_type = concat('BROAD', 'CAST')

-- DATA_DEFINITION ResetSession:
RESET SESSION query_max_run_time

-- DATA_DEFINITION ResetSession:
RESET SESSION memory.max_data

-- DATA_DEFINITION SetSessionAuthorization:
SET SESSION AUTHORIZATION alice

-- DATA_DEFINITION SetSessionAuthorization:
SET SESSION AUTHORIZATION 'bob smith'

-- DATA_DEFINITION ResetSessionAuthorization:
RESET SESSION AUTHORIZATION

-- DATA_DEFINITION SetRole:
SET ROLE ALL

-- DATA_DEFINITION SetRole:
SET ROLE NONE

-- DATA_DEFINITION SetRole:
SET ROLE admin IN memory

-- DATA_DEFINITION SetPath:
SET PATH memory.default, tpch.tiny, other

-- DATA_DEFINITION SetTimeZone:
SET TIME ZONE LOCAL

-- DATA_DEFINITION SetTimeZone:
SET TIME ZONE 'Europe/Vienna'

-- DATA_DEFINITION SetTimeZone:
SET TIME ZONE INTERVAL '2' HOUR

-- DATA_DEFINITION StartTransaction:
START TRANSACTION

-- DATA_DEFINITION StartTransaction:
START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY

-- DATA_DEFINITION StartTransaction:
START TRANSACTION READ WRITE, ISOLATION LEVEL SERIALIZABLE

-- DATA_DEFINITION Commit:
COMMIT

-- DATA_DEFINITION Commit:
COMMIT WORK

-- DATA_DEFINITION Rollback:
ROLLBACK

-- DATA_DEFINITION Rollback:
ROLLBACK WORK

-- DATA_DEFINITION Prepare: tpch.tiny.nation
PREPARE p FROM SELECT * FROM nation WHERE regionkey = ?

-- DATA_DEFINITION Prepare: memory.default.t
PREPARE p FROM INSERT INTO memory.default.t VALUES (?, ?)

-- DATA_DEFINITION Prepare: memory.default.t
PREPARE "P q" FROM DELETE FROM memory.default.t WHERE a = ?

-- DATA_DEFINITION Deallocate:
DEALLOCATE PREPARE p

-- SELECT Query: tpch.tiny.nation, tpch.tiny.region
EXECUTE in_header

-- SELECT Query: tpch.tiny.nation
EXECUTE with_values USING 1, 'x'

-- DELETE Delete: memory.default.t, tpch.tiny.nation
EXECUTE "Quoted Name" USING 1 + 2, 'FRANCE'

-- SELECT Query: tpch.tiny.region
EXECUTE packed

-- SELECT Query: tpch.tiny.nation
EXECUTE IMMEDIATE 'SELECT * FROM nation WHERE name = ''FRANCE'''

-- INSERT Insert: memory.default.t, tpch.tiny.region
EXECUTE IMMEDIATE 'INSERT INTO memory.default.t SELECT * FROM region WHERE regionkey = ?' USING 1 + 2

-- SELECT Query: tpch.tiny.nation
EXECUTE IMMEDIATE U&'SELECT \002A FROM nation'

-- UNKNOWN Execute: unknown
EXECUTE nowhere

-- DESCRIBE DescribeInput:
DESCRIBE INPUT in_header

-- DESCRIBE DescribeOutput:
DESCRIBE OUTPUT in_header

-- DATA_DEFINITION Call: | system.runtime
CALL system.runtime.kill_query('20200101_000000_00000_abcde', 'why')

-- DATA_DEFINITION Call: | system.runtime
CALL system.runtime.kill_query(query_id => '20200101_000000_00000_abcde', message => 'from here')

-- DATA_DEFINITION Call: | lake.system
CALL lake.system.rollback_to_snapshot('db', 't', 8954597067493422955)

-- DATA_DEFINITION Call: | tpch.tiny
CALL own_procedure()

-- EXPLAIN Explain: tpch.tiny.nation
EXPLAIN SELECT * FROM nation

-- EXPLAIN Explain: tpch.tiny.nation
EXPLAIN (TYPE IO, FORMAT JSON) SELECT * FROM nation

-- EXPLAIN Explain: memory.default.t, tpch.tiny.nation
EXPLAIN (TYPE VALIDATE) INSERT INTO memory.default.t SELECT * FROM nation

-- EXPLAIN Explain: tpch.tiny.nation
EXPLAIN (FORMAT GRAPHVIZ, TYPE DISTRIBUTED) WITH a AS (SELECT * FROM nation) SELECT * FROM a

-- EXPLAIN Explain: tpch.tiny.nation
EXPLAIN (SELECT * FROM nation)

-- EXPLAIN Explain: tpch.tiny.nation
EXPLAIN (TYPE LOGICAL) (SELECT * FROM nation)

-- SELECT ExplainAnalyze: tpch.tiny.nation
EXPLAIN ANALYZE SELECT * FROM nation

-- SELECT ExplainAnalyze: tpch.tiny.nation, tpch.tiny.region
EXPLAIN ANALYZE VERBOSE SELECT * FROM nation JOIN region USING (regionkey)

-- INSERT ExplainAnalyze: memory.default.t, tpch.tiny.nation
EXPLAIN ANALYZE INSERT INTO memory.default.t SELECT * FROM nation

-- INSERT ExplainAnalyze: memory.default.x, tpch.tiny.nation
EXPLAIN ANALYZE CREATE TABLE memory.default.x AS SELECT * FROM nation

-- DELETE ExplainAnalyze: memory.default.t
EXPLAIN ANALYZE DELETE FROM memory.default.t

-- EXPLAIN Explain:
EXPLAIN EXPLAIN SELECT 1

-- EXPLAIN Explain: | tpch.tiny
EXPLAIN SHOW TABLES

-- EXPLAIN Explain: memory.default.t
EXPLAIN CREATE TABLE memory.default.t (a bigint)

-- DESCRIBE ShowCatalogs:
SHOW CATALOGS

-- DESCRIBE ShowCatalogs:
SHOW CATALOGS LIKE 'm%' ESCAPE '$'

-- DESCRIBE ShowSchemas: | tpch
SHOW SCHEMAS

-- DESCRIBE ShowSchemas: | memory
SHOW SCHEMAS FROM memory

-- DESCRIBE ShowSchemas: | memory
SHOW SCHEMAS IN memory LIKE 'd%'

-- DESCRIBE ShowTables: | tpch.tiny
SHOW TABLES

-- DESCRIBE ShowTables: | memory.default
SHOW TABLES FROM memory.default

-- DESCRIBE ShowTables: | tpch.sf1
SHOW TABLES IN sf1 LIKE 'n%' ESCAPE '\'

-- DESCRIBE ShowTables: | tpch.tiny
SHOW TABLES LIKE 'o%'

-- DESCRIBE ShowColumns: tpch.tiny.nation
SHOW COLUMNS FROM nation

-- DESCRIBE ShowColumns: memory.default.t
SHOW COLUMNS IN memory.default.t LIKE '%a'

-- DESCRIBE ShowColumns: tpch.tiny.nation
DESCRIBE nation

-- DESCRIBE ShowColumns: tpch.tiny.nation
DESC tpch.tiny.nation

-- DESCRIBE ShowColumns: tpch.tiny.input
DESCRIBE input

-- DESCRIBE ShowColumns: tpch.tiny.output
DESC output

-- DESCRIBE ShowCreate: tpch.tiny.nation
SHOW CREATE TABLE nation

-- DESCRIBE ShowCreate: memory.default.v
SHOW CREATE VIEW memory.default.v

-- DESCRIBE ShowCreate: lake.db.mv
SHOW CREATE MATERIALIZED VIEW lake.db.mv

-- DESCRIBE ShowCreate: | memory.default
SHOW CREATE SCHEMA memory.default

-- DESCRIBE ShowCreate: | tpch.tiny
SHOW CREATE SCHEMA tiny

-- DESCRIBE ShowCreate:
SHOW CREATE FUNCTION memory.default.twice

-- DESCRIBE ShowFunctions:
SHOW FUNCTIONS

-- DESCRIBE ShowFunctions: | memory.default
SHOW FUNCTIONS FROM memory.default LIKE 'a%'

-- DESCRIBE ShowFunctions:
SHOW FUNCTIONS LIKE 'array%'

-- DESCRIBE ShowSession:
SHOW SESSION

-- DESCRIBE ShowSession:
SHOW SESSION LIKE 'query%'

-- DESCRIBE ShowStats: tpch.tiny.nation
SHOW STATS FOR nation

-- DESCRIBE ShowStats: tpch.tiny.nation
SHOW STATS FOR tpch.tiny.nation

-- DESCRIBE ShowStats: tpch.tiny.nation
SHOW STATS FOR (SELECT * FROM nation WHERE regionkey = 1)

-- DESCRIBE ShowStats: tpch.tiny.region
SHOW STATS FOR (WITH a AS (SELECT * FROM region) SELECT * FROM a)

-- DESCRIBE ShowGrants:
SHOW GRANTS

-- DESCRIBE ShowGrants: tpch.tiny.nation
SHOW GRANTS ON nation

-- DESCRIBE ShowGrants: memory.default.t
SHOW GRANTS ON TABLE memory.default.t

-- DESCRIBE ShowGrants: | memory.default
SHOW GRANTS ON SCHEMA memory.default

-- DESCRIBE ShowRoles:
SHOW ROLES

-- DESCRIBE ShowRoles: | memory
SHOW ROLES FROM memory

-- DESCRIBE ShowRoles:
SHOW CURRENT ROLES

-- DESCRIBE ShowRoles: | memory
SHOW CURRENT ROLES IN memory

-- DESCRIBE ShowRoleGrants:
SHOW ROLE GRANTS

-- DESCRIBE ShowRoleGrants: | memory
SHOW ROLE GRANTS FROM memory
