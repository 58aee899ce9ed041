import { trinoHeader } from '@trino-gateway/trino';
import type { RoutedQuery } from '../../chain/routed-query.ts';

/**
 * What a service is asked, in the Java gateway's shape (RoutingGroupExternalBody, TrinoQueryProperties, TrinoRequestUser). As there,
 * what is absent is left out.
 */
export function serviceBody(query: RoutedQuery): string {
  const { user, clientIp } = query;
  return JSON.stringify({
    trinoQueryProperties: queryProperties(query),
    trinoRequestUser: user === '' ? {} : { user },
    contentType: 'application/json',
    method: 'POST',
    requestURI: '/v1/statement',
    remoteAddr: clientIp,
    remoteHost: clientIp,
    parameters: {},
  });
}

function queryProperties({ rawHeaders, sql }: RoutedQuery) {
  const { kind, statementClass, executed, tables, catalogs, schemas, unknown } = sql();
  const [defaultCatalog, defaultSchema] = [trinoHeader(rawHeaders, 'catalog'), trinoHeader(rawHeaders, 'schema')];
  return {
    body: executed,
    queryType: statementClass,
    resourceGroupQueryType: kind,
    tables,
    ...(defaultCatalog !== undefined && { defaultCatalog }),
    ...(defaultSchema !== undefined && { defaultSchema }),
    catalogs,
    // There, schemas are names alone, and these are with their catalogs.
    schemas: [...new Set(schemas.map((schema) => schema.slice(schema.indexOf('.') + 1)))],
    catalogSchemas: schemas,
    isNewQuerySubmission: true,
    isQueryParsingSuccessful: unknown === '',
    ...(unknown !== '' && { errorMessage: unknown }),
  };
}
