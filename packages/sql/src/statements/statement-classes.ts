/**
 * The classes of Trino's syntax tree (io.trino.sql.tree), with the query type that resource groups give to them
 * (io.trino.util.StatementUtils of 476; of those that came later the same class of 483). EXPLAIN ANALYZE and EXECUTE have that of their statement.
 */
const BY_KIND = {
  SELECT: 'Query',
  EXPLAIN: 'Explain',
  ANALYZE: 'Analyze',
  INSERT: 'Insert CreateTableAsSelect RefreshMaterializedView',
  UPDATE: 'Update',
  DELETE: 'Delete',
  MERGE: 'Merge',
  ALTER_TABLE_EXECUTE: 'TableExecute',
  DESCRIBE: `DescribeInput DescribeOutput ShowBranches ShowCatalogs ShowColumns ShowCreate ShowFunctions ShowGrants ShowRoleGrants
    ShowRoles ShowSchemas ShowSession ShowStats ShowTables`,
  DATA_DEFINITION: `AddColumn Call Comment Commit CreateBranch CreateCatalog CreateFunction CreateMaterializedView CreateRole
    CreateSchema CreateTable CreateView Deallocate Deny DropBranch DropCatalog DropColumn DropDefaultValue DropFunction
    DropMaterializedView DropNotNullConstraint DropRole DropSchema DropTable DropView FastForwardBranch Grant GrantRoles Prepare RefreshView RenameColumn
    RenameMaterializedView RenameSchema RenameTable RenameView ResetSession ResetSessionAuthorization Revoke RevokeRoles Rollback
    SetAuthorizationStatement SetColumnType SetDefaultValue SetPath SetProperties SetRole SetSession SetSessionAuthorization
    SetTimeZone StartTransaction TruncateTable Use`,
} as const;

const kinds = new Map<string, string>();
for (const [kind, classes] of Object.entries(BY_KIND)) for (const one of classes.split(/\s+/)) kinds.set(one, kind);

/** How resource groups name a statement of that class. */
export function kindOfClass(statementClass: string): string {
  return kinds.get(statementClass) ?? 'UNKNOWN';
}
