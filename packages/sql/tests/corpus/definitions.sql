-- DATA_DEFINITION CreateSchema: | memory.new
CREATE SCHEMA memory.new

-- DATA_DEFINITION CreateSchema: | tpch.other
CREATE SCHEMA IF NOT EXISTS other AUTHORIZATION ROLE admin WITH (location = 's3://x')

-- DATA_DEFINITION DropSchema: | memory.new
DROP SCHEMA memory.new

-- DATA_DEFINITION DropSchema: | tpch.other
DROP SCHEMA IF EXISTS other CASCADE

-- DATA_DEFINITION DropSchema: | tpch.other
DROP SCHEMA other RESTRICT

-- DATA_DEFINITION RenameSchema: | memory.new, memory.newer
ALTER SCHEMA memory.new RENAME TO newer

-- DATA_DEFINITION RenameSchema: | tpch.new, tpch.newer
ALTER SCHEMA new RENAME TO newer

-- DATA_DEFINITION SetAuthorizationStatement: | memory.new
ALTER SCHEMA memory.new SET AUTHORIZATION alice

-- DATA_DEFINITION CreateCatalog: | extra
CREATE CATALOG extra USING memory

-- DATA_DEFINITION CreateCatalog: | extra
CREATE CATALOG IF NOT EXISTS extra USING tpch COMMENT 'x' AUTHORIZATION USER bob WITH ("tpch.splits-per-node" = 2)

-- DATA_DEFINITION DropCatalog: | extra
DROP CATALOG extra

-- DATA_DEFINITION DropCatalog: | extra
DROP CATALOG IF EXISTS extra CASCADE

-- DATA_DEFINITION DropTable: memory.default.t
DROP TABLE memory.default.t

-- DATA_DEFINITION DropTable: tpch.tiny.t
DROP TABLE IF EXISTS t

-- DATA_DEFINITION DropView: memory.default.v
DROP VIEW memory.default.v

-- DATA_DEFINITION DropView: tpch.tiny.v
DROP VIEW IF EXISTS v

-- DATA_DEFINITION DropMaterializedView: lake.db.mv
DROP MATERIALIZED VIEW lake.db.mv

-- DATA_DEFINITION DropMaterializedView: tpch.tiny.mv
DROP MATERIALIZED VIEW IF EXISTS mv

-- DATA_DEFINITION RenameTable: memory.default.t, memory.default.u
ALTER TABLE memory.default.t RENAME TO memory.default.u

-- DATA_DEFINITION RenameTable: memory.default.t, memory.default.u
ALTER TABLE memory.default.t RENAME TO u

-- DATA_DEFINITION RenameTable: tpch.tiny.t, tpch.other.u
ALTER TABLE IF EXISTS t RENAME TO other.u

-- DATA_DEFINITION AddColumn: memory.default.t
ALTER TABLE memory.default.t ADD COLUMN c bigint

-- DATA_DEFINITION AddColumn: tpch.tiny.t
ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS c varchar NOT NULL COMMENT 'c' WITH (x = 1)

-- DATA_DEFINITION RenameColumn: tpch.tiny.t
ALTER TABLE t RENAME COLUMN a TO b

-- DATA_DEFINITION RenameColumn: tpch.tiny.t
ALTER TABLE IF EXISTS t RENAME COLUMN IF EXISTS a.f TO g

-- DATA_DEFINITION DropColumn: tpch.tiny.t
ALTER TABLE t DROP COLUMN a

-- DATA_DEFINITION DropColumn: tpch.tiny.t
ALTER TABLE IF EXISTS t DROP COLUMN IF EXISTS a.f

-- DATA_DEFINITION SetColumnType: tpch.tiny.t
ALTER TABLE t ALTER COLUMN a SET DATA TYPE varchar(20)

-- DATA_DEFINITION SetColumnType: tpch.tiny.t
ALTER TABLE IF EXISTS t ALTER COLUMN a.f SET DATA TYPE bigint

-- DATA_DEFINITION DropNotNullConstraint: tpch.tiny.t
ALTER TABLE t ALTER COLUMN a DROP NOT NULL

-- DATA_DEFINITION SetAuthorizationStatement: tpch.tiny.t
ALTER TABLE t SET AUTHORIZATION ROLE admin

-- DATA_DEFINITION SetProperties: memory.default.t
ALTER TABLE memory.default.t SET PROPERTIES max_rows = 3, other = DEFAULT

-- DATA_DEFINITION RenameView: memory.default.v, memory.default.w
ALTER VIEW memory.default.v RENAME TO memory.default.w

-- DATA_DEFINITION RenameView: tpch.tiny.v, tpch.tiny.w
ALTER VIEW v RENAME TO w

-- DATA_DEFINITION SetAuthorizationStatement: tpch.tiny.v
ALTER VIEW v SET AUTHORIZATION USER bob

-- DATA_DEFINITION RenameMaterializedView: tpch.tiny.mv, tpch.tiny.mw
ALTER MATERIALIZED VIEW mv RENAME TO mw

-- DATA_DEFINITION RenameMaterializedView: lake.db.mv, lake.db.mw
ALTER MATERIALIZED VIEW IF EXISTS lake.db.mv RENAME TO lake.db.mw

-- DATA_DEFINITION SetProperties: lake.db.mv
ALTER MATERIALIZED VIEW lake.db.mv SET PROPERTIES format = 'ORC'

-- DATA_DEFINITION Comment: memory.default.t
COMMENT ON TABLE memory.default.t IS 'words'

-- DATA_DEFINITION Comment: tpch.tiny.t
COMMENT ON TABLE t IS NULL

-- DATA_DEFINITION Comment: memory.default.v
COMMENT ON VIEW memory.default.v IS 'words'

-- DATA_DEFINITION Comment: memory.default.t
COMMENT ON COLUMN memory.default.t.a IS 'words'

-- DATA_DEFINITION Comment: tpch.tiny.t
COMMENT ON COLUMN t.a IS NULL

-- DATA_DEFINITION CreateRole:
CREATE ROLE admin

-- DATA_DEFINITION CreateRole:
CREATE ROLE admin WITH ADMIN USER bob IN memory

-- DATA_DEFINITION DropRole:
DROP ROLE admin

-- DATA_DEFINITION DropRole:
DROP ROLE admin IN memory

-- DATA_DEFINITION GrantRoles:
GRANT admin TO USER alice

-- DATA_DEFINITION GrantRoles:
GRANT admin, other TO ROLE chief, USER bob WITH ADMIN OPTION GRANTED BY CURRENT_ROLE IN memory

-- DATA_DEFINITION RevokeRoles:
REVOKE admin FROM alice

-- DATA_DEFINITION RevokeRoles:
REVOKE ADMIN OPTION FOR admin, other FROM USER alice GRANTED BY CURRENT_USER IN memory

-- DATA_DEFINITION Grant: tpch.tiny.nation
GRANT SELECT ON nation TO alice

-- DATA_DEFINITION Grant: memory.default.t
GRANT SELECT, INSERT, DELETE ON TABLE memory.default.t TO USER alice WITH GRANT OPTION

-- DATA_DEFINITION Grant: tpch.tiny.t
GRANT ALL PRIVILEGES ON TABLE t TO ROLE admin

-- DATA_DEFINITION Grant: | memory.default
GRANT CREATE ON SCHEMA memory.default TO alice

-- DATA_DEFINITION Grant: | tpch.other
GRANT UPDATE ON SCHEMA other TO alice

-- DATA_DEFINITION Grant: unknown
GRANT EXECUTE_IT ON FUNCTION f TO alice

-- DATA_DEFINITION Revoke: tpch.tiny.nation
REVOKE SELECT ON TABLE nation FROM alice

-- DATA_DEFINITION Revoke: tpch.tiny.t
REVOKE GRANT OPTION FOR INSERT, UPDATE ON t FROM USER bob

-- DATA_DEFINITION Revoke: | memory.default
REVOKE ALL PRIVILEGES ON SCHEMA memory.default FROM ROLE admin

-- DATA_DEFINITION Deny: tpch.tiny.nation
DENY SELECT ON nation TO alice

-- DATA_DEFINITION Deny: | memory.default
DENY ALL PRIVILEGES ON SCHEMA memory.default TO USER bob

-- DATA_DEFINITION Deny: memory.default.t
DENY DELETE, UPDATE ON TABLE memory.default.t TO ROLE admin
