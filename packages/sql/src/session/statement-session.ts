import { type RawHeaders, trimmed, trinoHeader, trinoHeaders } from '@trino-gateway/trino';

/** The parts of the session that a statement may refer to. */
export type StatementSession = {
  /** The values of X-Trino-Prepared-Statement. */
  preparedStatements?: readonly string[];
  catalog?: string | undefined;
  schema?: string | undefined;
  /** Called with a compressed statement's length before it is inflated; what it throws ends the reading. */
  beforeInflating?: (bytes: number) => void;
};

/** The session that a request's headers describe. */
export function statementSession(rawHeaders: RawHeaders): StatementSession {
  return {
    preparedStatements: trinoHeaders(rawHeaders, 'prepared-statement'),
    catalog: trinoHeader(rawHeaders, 'catalog'),
    schema: trinoHeader(rawHeaders, 'schema'),
  };
}

/** The catalog where a statement names none, as names are compared; undefined when the session has none. */
export const sessionCatalog = ({ catalog }: StatementSession) => comparable(catalog);
/** The same of the schema. */
export const sessionSchema = ({ schema }: StatementSession) => comparable(schema);

const comparable = (name: string | undefined) =>
  name === undefined ? undefined : trimmed(name).toLowerCase() || undefined;
