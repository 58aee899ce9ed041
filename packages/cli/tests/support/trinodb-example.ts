const put = (group: string) => `'result.put("routingGroup", "${group}")'`;
const rule = (name: string, priority: number | undefined, condition: string, ...actions: string[]) => `---
name: ${JSON.stringify(name)}
${priority === undefined ? '' : `priority: ${priority}\n`}condition: |
  ${condition}
actions:
${actions.map((action) => `  - ${action}`).join('\n')}
`;
const TAGS = 'request.getHeader("X-Trino-Client-Tags")';
const SOURCE = 'request.getHeader("X-Trino-Source")';

/** Rules of the Java gateway in the forms that its documentation and tests have. */
export const TRINODB_RULES = [
  rule('nothing else', -1, 'true', put('other')),
  rule('user', undefined, 'trinoRequestUser.userExistsAndEquals("will")', put('will')),
  rule('init', 0, 'true', '|\n    state.put("fired", new HashSet())'),
  rule('airflow', 1, `${SOURCE} == "airflow"`, put('etl'), `'state.get("fired").add("airflow")'`),
  rule('special', 2, `state.get("fired").contains("airflow") && ${TAGS} contains "label=special"`, put('etl-special')),
  rule(
    'dashboards',
    3,
    `${SOURCE} != null && ${SOURCE}.toLowerCase().startsWith("dash")`,
    `'if (${TAGS} contains "vip") { result.put("routingGroup", "vip") } else { result["routingGroup"] = "bi" }'`,
  ),
  rule('team', 4, 'request.getHeader("X-Team").matches("data-[a-z]+|ml")', put('teams')),
  rule(
    'default catalog',
    5,
    'trinoQueryProperties.getDefaultCatalog().equals(java.util.Optional.of("lab"))',
    put('lab'),
  ),
  rule('raw', 6, 'trinoQueryProperties.tablesContains("hive.raw.\\"events\\"")', put('raw')),
  rule('system', 7, 'trinoQueryProperties.getCatalogs().contains("system")', put('system')),
  rule(
    'schema',
    8,
    'trinoQueryProperties.getSchemas().contains("sandbox") && !trinoQueryProperties.getCatalogSchemas.contains("hive.sandbox")',
    put('sandbox'),
  ),
  rule('ddl', 9, 'trinoQueryProperties.getResourceGroupQueryType().equals("DATA_DEFINITION")', put('ddl')),
  rule('inserts', 10, 'trinoQueryProperties.getQueryType().toLowerCase.equals("insert")', put('writes')),
  rule('wide', 11, 'trinoQueryProperties.getTables().size() > 2', put('wide')),
].join('');

type Request = { user?: string; headers?: Record<string, string>; statement?: string };

/** Requests with the group that those rules give them there: all that hold fire, and the last one wins. */
export const TRINODB_REQUESTS: readonly [Request, string][] = [
  [{}, 'other'],
  [{ user: 'will' }, 'will'],
  [{ user: 'Will' }, 'other'],
  [{ headers: { 'X-Trino-Source': 'airflow' } }, 'etl'],
  [{ user: 'will', headers: { 'X-Trino-Source': 'airflow' } }, 'etl'],
  [{ headers: { 'X-Trino-Source': 'Airflow' } }, 'other'],
  [{ headers: { 'X-Trino-Source': 'airflow', 'X-Trino-Client-Tags': 'a,label=special' } }, 'etl-special'],
  [{ headers: { 'X-Trino-Source': 'cli', 'X-Trino-Client-Tags': 'label=special' } }, 'other'],
  [{ headers: { 'X-Trino-Source': 'Dashboard 7' } }, 'bi'],
  [{ headers: { 'X-Trino-Source': 'dash', 'X-Trino-Client-Tags': 'some-vip-tag' } }, 'vip'],
  [{ headers: { 'X-Team': 'data-eng' } }, 'teams'],
  [{ headers: { 'X-Team': 'my-data-eng' } }, 'other'],
  [{ headers: { 'X-Trino-Catalog': 'lab' } }, 'lab'],
  [{ statement: 'SELECT * FROM hive.raw.events' }, 'raw'],
  [{ statement: 'SELECT * FROM events', headers: { 'X-Trino-Catalog': 'hive', 'X-Trino-Schema': 'raw' } }, 'raw'],
  [{ statement: 'SELECT 1 FROM hive.raw.events, system.runtime.nodes' }, 'system'],
  [{ statement: 'SELECT * FROM iceberg.sandbox.t' }, 'sandbox'],
  [{ statement: 'SELECT * FROM hive.sandbox.t' }, 'other'],
  [{ statement: 'DROP TABLE iceberg.sandbox.t' }, 'ddl'],
  [{ statement: 'INSERT INTO hive.raw.events SELECT 1' }, 'writes'],
  [{ statement: 'CREATE TABLE hive.a.b AS SELECT 1' }, 'other'],
  [{ statement: 'SELECT * FROM a.b.c, a.b.d, a.b.e' }, 'wide'],
  [{ statement: 'WITH w AS (SELECT * FROM a.b.c) SELECT * FROM w, a.b.d' }, 'other'],
];
