const invalid = (name: string) => `Invalid X-Trino-${name} header`;

/** A header that Trino cannot read, and how its answer begins; the same table is put to real clusters. */
export const headerProblemCases: readonly (readonly [name: string, value: string, message: string])[] = [
  ['X-Trino-Session', 'query_max_run_time', invalid('Session')],
  ['X-Trino-Session', 'a=1,b', invalid('Session')],
  ['X-Trino-Session', 'a=1=2', invalid('Session')],
  ['X-Trino-Session', '=1', invalid('Session')],
  ['X-Trino-Session', ' = 1', invalid('Session')],
  ['X-Trino-Session', '.a=1', invalid('Session')],
  ['X-Trino-Session', 'a.=1', invalid('Session')],
  ['X-Trino-Session', 'a=%z', invalid('Session')],
  ['X-Trino-Prepared-Statement', 'a', invalid('Prepared-Statement')],
  ['X-Trino-Prepared-Statement', 'a=%zz', invalid('Prepared-Statement')],
  ['X-Trino-Role', 'system', invalid('Role')],
  ['X-Trino-Extra-Credential', 'a=b=c', invalid('Extra-Credential')],
  ['X-Trino-Resource-Estimate', 'a', invalid('Resource-Estimate')],
  ['X-Trino-Schema', 'a', 'Schema is set but catalog is not'],
];

/** Headers that Trino reads; some of what they say it refuses later, when it knows its catalogs. */
export const harmlessHeaderCases: readonly (readonly [name: string, value: string])[] = [
  ['X-Trino-Session', 'query_max_run_time=5s, ,distributed_sort = true,,'],
  ['X-Trino-Session', 'tpch.splits_per_node=2,a.b.c=1'],
  ['X-Trino-Session', ''],
  ['X-Trino-Prepared-Statement', 'a=SELECT+1,b%20c=SELECT%202'],
  ['X-Trino-Role', 'system=ALL'],
  ['X-Trino-Extra-Credential', 'a=b,c=d%3De'],
  ['X-Trino-Resource-Estimate', 'EXECUTION_TIME=5s'],
  ['X-Trino-Schema', ' '],
  ['X-Trino-Client-Tags', 'a=b=c'],
];
