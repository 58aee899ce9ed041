import { readFileSync } from 'node:fs';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import {
  type RazorpayConfiguration,
  razorpayBackend,
  razorpayGroup,
  razorpayPolicy,
  readObjects,
  SourceUnreadableError,
} from './model.ts';

/** The database of a razorpay/trino-gateway. */
export type RazorpayDatabase = {
  /** mysql://user[:password]@host[:port]/database, `?sslmode=disable|require|verify-full`, `&sslrootcert=FILE`. */
  url: URL;
  /** Wins over one in the URL. */
  password: string | undefined;
  timeLimitMs: number;
};

/**
 * Reads its tables in one read-only transaction.
 * @throws SourceUnreadableError in words for an operator, without password or statement
 */
export async function readTables(tables: RazorpayDatabase): Promise<RazorpayConfiguration> {
  const { url, timeLimitMs } = tables;
  const where = `${url.host}${url.pathname}`;
  let connection: Connection | undefined;
  try {
    connection = await createConnection(optionsOf(tables));
    await connection.query({ sql: 'START TRANSACTION READ ONLY', timeout: timeLimitMs });
    const rows = async (sql: string) => {
      const [found] = await (connection as Connection).query<RowDataPacket[]>({ sql, timeout: timeLimitMs });
      return found;
    };
    // Older installations lack the last columns, so none is named.
    const backends = await rows('SELECT * FROM backends ORDER BY id');
    const groups = await rows('SELECT * FROM groups_ ORDER BY id');
    const members = await rows('SELECT group_id, backend_id FROM group_backends_mappings ORDER BY id');
    const policies = await rows('SELECT * FROM policies ORDER BY id');
    return {
      backends: readObjects(razorpayBackend, backends, 'backends'),
      groups: readObjects(
        razorpayGroup,
        groups.map((group) => ({
          ...group,
          backends: members.filter(({ group_id }) => isSame(group_id, group.id)).map(({ backend_id }) => backend_id),
        })),
        'groups_',
      ),
      policies: readObjects(
        razorpayPolicy,
        policies.map((policy) => ({
          ...policy,
          rule: { type: policy.rule_type, value: policy.rule_value },
          group: policy.group_id,
          fallback_group: policy.fallback_group_id,
        })),
        'policies',
      ),
    };
  } catch (error) {
    if (error instanceof SourceUnreadableError) throw error;
    throw new SourceUnreadableError(`${where}: ${reasonOf(error)}`);
  } finally {
    connection?.destroy();
  }
}

function optionsOf({ url, password, timeLimitMs }: RazorpayDatabase) {
  const mode = url.searchParams.get('sslmode') ?? 'disable';
  const ca = url.searchParams.get('sslrootcert');
  const given = password ?? decodeURIComponent(url.password);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    ...(given !== '' && { password: given }),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4',
    connectTimeout: timeLimitMs,
    ...(mode !== 'disable' && {
      ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(ca !== null && { ca: readFileSync(ca, 'utf8') }) },
    }),
  };
}

/** Its keys are compared by MySQL's default collation, without case. */
function isSame(one: unknown, other: unknown): boolean {
  return String(one).toLowerCase() === String(other).toLowerCase();
}

function reasonOf(error: unknown): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  switch (code) {
    case 'ER_NO_SUCH_TABLE':
      return 'a table is missing: expected backends, groups_, group_backends_mappings and policies; is it the database of a razorpay/trino-gateway?';
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_TABLEACCESS_DENIED_ERROR':
      return 'access denied: check the user of --mysql-url and --mysql-password-file; it needs SELECT';
    case 'ER_BAD_DB_ERROR':
      return 'there is no such database';
    case 'ETIMEDOUT':
    case 'PROTOCOL_SEQUENCE_TIMEOUT':
      return 'no answer in time; try again, or give it more time with --timeout';
    default:
      return `${code || message.slice(0, 200)}; is --mysql-url right?`;
  }
}
