import { setTimeout as delay } from 'node:timers/promises';
import { openDataSource } from '../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../src/storage/engines/database-url.ts';

/** The row lock of admission, held as by a slow replica; disposing of it releases the lock. */
export type HeldAdmission = AsyncDisposable & {
  /** Resolves once another transaction waits for it. */
  awaited(): Promise<void>;
};

const WAITING = {
  postgres: `SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  mysql: `SELECT count(*) AS waiting FROM information_schema.innodb_trx t JOIN information_schema.processlist p
    ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'`,
};

/** InnoDB renews its tables of transactions only when they have not been read for 100 ms. */
const READ_EVERY_MS = 150;

/** Takes it, on a server: SQLite has no row locks. */
export async function holdAdmission(url: string): Promise<HeldAdmission> {
  const source = await openDataSource(parseDatabaseUrl(url), { poolSize: 2, timeLimitMs: 20_000 });
  const runner = source.createQueryRunner();
  await runner.query('START TRANSACTION');
  await runner.query(`SELECT value FROM revisions WHERE name = 'admission' FOR UPDATE`);
  let isHeld = true;
  return {
    awaited: async () => {
      for (;;) {
        const [row]: { waiting: unknown }[] = await source.query(WAITING[/^postgres/.test(url) ? 'postgres' : 'mysql']);
        if (Number(row?.waiting) > 0) return;
        await delay(READ_EVERY_MS);
      }
    },
    async [Symbol.asyncDispose]() {
      if (!isHeld) return;
      isHeld = false;
      await runner.query('COMMIT');
      await runner.release();
      await source.destroy();
    },
  };
}
