import { connect, isIP, type Socket } from 'node:net';
import { columnTypes } from './columns.ts';
import { questionMarks } from './dialect.ts';
import type { ConnectionLimits, Engine, EngineAddress } from './engine.ts';
import { ABANDONED_AFTER_LIMITS, type DatabaseTls, readServerUrl, SERVER, type ServerAddress } from './server.ts';

const CONTENTION = ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'];
const LOST = [
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CONNECTION_KILLED',
  'ER_SERVER_SHUTDOWN',
];
const UNAVAILABLE = [
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_QUERY_TIMEOUT',
  '1969', // MariaDB's ER_STATEMENT_TIMEOUT, whose name mysql2 does not know
  'ER_QUERY_INTERRUPTED',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
];

// Named locks belong to the whole server and have at most 64 characters; MySQL 9 has no MD5 any more.
const LOCK_NAME = "CONCAT('trino-gateway:', LEFT(SHA2(DATABASE(), 256), 32))";

/** MySQL by mysql2. A mysql:// URL may well lead to a MariaDB: nothing here may fail on one. */
export const mysql: Engine = {
  name: 'mysql',
  schemes: ['mysql:'],
  example: 'mysql://',
  driver: 'mysql',
  addressOf: (url, tls) => mysqlAddress('mysql', url, tls),
  embedded: false,
  columns: columnTypes({
    text: 'longtext',
    int: 'int',
    bytewise: { charset: 'utf8mb4', collation: 'utf8mb4_bin' },
  }),
  dialect: {
    clock: 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)',
    marks: questionMarks,
    quoted: (name) => `\`${name}\``,
    largest: 'GREATEST',
    least: 'LEAST',
    insertNew: (into, tuples) => `INSERT IGNORE INTO ${into} VALUES ${tuples}`,
    onConflict: () => 'ON DUPLICATE KEY UPDATE',
    stored: (_, column) => column,
    offered: (column) => `VALUES(${column})`,
    // Comparing bytes takes half the time of characters, and are the same where text is UTF-8.
    contains: (column, text) => `locate(CAST(${text} AS BINARY), CAST(${column} AS BINARY)) > 0`,
    forUpdate: ' FOR UPDATE',
    forUpdateSkipLocked: ' FOR UPDATE SKIP LOCKED',
    pageHint: 'index-names',
  },
  begin: {
    plain: [],
    snapshot: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION READ ONLY'],
    write: ['START TRANSACTION'],
  },
  sessionSettings(timeLimitMs) {
    const seconds = Math.max(1, Math.ceil(timeLimitMs / 1000));
    return [
      'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
      `SET SESSION wait_timeout = ${ABANDONED_AFTER_LIMITS * seconds}`,
      // Comments that only one of MySQL and MariaDB executes tell them apart.
      // UTC: UNIX_TIMESTAMP(NOW()) of a zone with summer time is an hour wrong when clocks are set back.
      `SET SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = ${seconds}
      /*!50708 , SESSION max_execution_time = ${timeLimitMs} */
      /*M! , SESSION max_statement_time = ${timeLimitMs / 1000} */`,
    ];
  },
  failureOf({ code, fatal }) {
    if (CONTENTION.includes(code)) return 'contention';
    if (LOST.includes(code)) return 'lost';
    if (UNAVAILABLE.includes(code)) return 'unavailable';
    // mysql2 marks what no connection survives.
    return fatal && !code.startsWith('ER_') ? 'lost' : undefined;
  },
  migrationLock: {
    transaction: 'none',
    async take(runner) {
      const [row] = await runner.query(`SELECT GET_LOCK(${LOCK_NAME}, 0) AS taken`);
      return Number(row?.taken) === 1;
    },
    async release(runner) {
      await runner.query(`SELECT RELEASE_LOCK(${LOCK_NAME})`);
    },
  },
  clearLog: [],
};

/** A server of MySQL's kind. */
export function mysqlAddress(type: 'mysql' | 'mariadb', url: string, tls?: DatabaseTls): EngineAddress {
  const address = readServerUrl(url, 3306, tls);
  return {
    ...SERVER,
    options: ({ poolSize, timeLimitMs }: ConnectionLimits) => ({
      ...address,
      type,
      charset: 'utf8mb4_bin',
      timezone: 'Z',
      supportBigNumbers: true,
      poolSize,
      connectTimeout: timeLimitMs,
      extra: {
        waitForConnections: true,
        enableKeepAlive: true,
        // Idle connections go before the server ends them; the pool looks for them only below its size.
        maxIdle: poolSize - 1,
        idleTimeout: (ABANDONED_AFTER_LIMITS / 2) * timeLimitMs,
        gracefulEnd: true,
        ...(address.ssl && isIP(address.host) !== 0 && { stream: () => connectToAddress(address) }),
      },
    }),
  };
}

/**
 * mysql2 gives TLS no name for an address, and Node would verify the certificate for `localhost` then: it verifies it for
 * what the socket says that it is connected to.
 */
function connectToAddress({ host, port }: ServerAddress): Socket {
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  return Object.assign(socket, { _host: host });
}
