import { columnTypes } from './columns.ts';
import { onConflictClauses } from './dialect.ts';
import type { Engine } from './engine.ts';
import { ABANDONED_AFTER_LIMITS, readServerUrl, SERVER } from './server.ts';

// SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
const CONTENTION = ['40001', '40P01', '55P03'];
const LOST = ['57P01', '57P02', '08003', '08006'];
const UNAVAILABLE = ['25006', '25P03', '53100', '53200', '53300', '57014', '57P03'];

// node-postgres has no codes for a connection that was not opened or did not become free in time, and for one that broke.
const TIMED_OUT = /^timeout (exceeded when trying to connect|expired)/;
const BROKEN = /^(Connection terminated|Client has encountered a connection error|Client was closed)/;

const LOCK = 7_481_230_051;

/** PostgreSQL by node-postgres. */
export const postgres: Engine = {
  name: 'postgres',
  schemes: ['postgres:', 'postgresql:'],
  example: 'postgres://',
  driver: 'postgres',
  addressOf(url, tls) {
    const address = readServerUrl(url, 5432, tls);
    return {
      ...SERVER,
      options: ({ poolSize, timeLimitMs }) => ({
        ...address,
        // Not undefined: node-postgres would ask the environment.
        ssl: address.ssl ?? false,
        type: 'postgres',
        poolSize,
        connectTimeoutMS: timeLimitMs,
        installExtensions: false,
        poolErrorHandler() {
          // An idle connection broke; the pool has dropped it and the next call opens another.
        },
        applicationName: 'trino-gateway',
        extra: { keepAlive: true, idleTimeoutMillis: 60_000 },
      }),
    };
  },
  embedded: false,
  columns: columnTypes({ text: 'text', int: 'integer', bytewise: { collation: 'C' } }),
  dialect: {
    ...onConflictClauses,
    clock: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)',
    marks() {
      let given = 0;
      return () => `$${++given}`;
    },
    largest: 'GREATEST',
    least: 'LEAST',
    insertNew: (into, tuples) => `INSERT INTO ${into} VALUES ${tuples} ON CONFLICT DO NOTHING`,
    contains: (column, text) => `strpos(${column}, ${text}) > 0`,
    forUpdate: ' FOR UPDATE',
    forUpdateSkipLocked: ' FOR UPDATE SKIP LOCKED',
    pageHint: 'order-by-filter',
  },
  begin: {
    plain: [],
    snapshot: ['START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY'],
    write: ['START TRANSACTION ISOLATION LEVEL READ COMMITTED'],
  },
  sessionSettings: (timeLimitMs) => [
    `SET statement_timeout = ${timeLimitMs}`,
    `SET lock_timeout = ${timeLimitMs}`,
    `SET idle_in_transaction_session_timeout = ${ABANDONED_AFTER_LIMITS * timeLimitMs}`,
  ],
  failureOf({ code, message }) {
    if (CONTENTION.includes(code)) return 'contention';
    if (LOST.includes(code)) return 'lost';
    if (UNAVAILABLE.includes(code) || TIMED_OUT.test(message)) return 'unavailable';
    return BROKEN.test(message) ? 'lost' : undefined;
  },
  migrationLock: {
    transaction: 'all',
    async take(runner) {
      const [row] = await runner.query(`SELECT pg_try_advisory_lock(${LOCK}) AS taken`);
      return row?.taken === true;
    },
    async release(runner) {
      await runner.query(`SELECT pg_advisory_unlock(${LOCK})`);
    },
  },
  clearLog: [],
};
