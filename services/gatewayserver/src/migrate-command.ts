import { setTimeout as sleep } from 'node:timers/promises';
import { type DatabaseTls, migrateUp, migrationStatus } from './storage/index.ts';

const WAIT_TIME_LIMIT_MS = 600_000;
const WAIT_PAUSE_MS = 1_000;

/**
 * Runs `migrate up`, `migrate wait` or `migrate status`; only the first changes anything.
 * @returns the lines to print; undefined when it is none of them
 */
export async function runMigrateCommand(
  words: readonly string[],
  databaseUrl: string,
  tls?: DatabaseTls,
): Promise<string[] | undefined> {
  switch (words.join(' ')) {
    case 'migrate up': {
      const taken = await migrateUp(databaseUrl, tls);
      return taken.length > 0 ? taken.map((name) => `applied ${name}`) : ['the schema is up to date'];
    }
    case 'migrate wait':
      await untilMigrated(databaseUrl, tls);
      return ['the schema is up to date'];
    case 'migrate status':
      return (await migrationStatus(databaseUrl, tls)).map(({ name, state }) => `${state} ${name}`);
    default:
      return undefined;
  }
}

/** @throws Error naming what is still pending when the time is over */
async function untilMigrated(databaseUrl: string, tls?: DatabaseTls): Promise<void> {
  for (const deadline = Date.now() + WAIT_TIME_LIMIT_MS; ; await sleep(WAIT_PAUSE_MS)) {
    const pending = (await migrationStatus(databaseUrl, tls)).filter(({ state }) => state === 'pending');
    if (pending.length === 0) return;
    const names = pending.map(({ name }) => name).join(', ');
    if (Date.now() >= deadline) throw new Error(`still pending after ${WAIT_TIME_LIMIT_MS} ms: ${names}`);
  }
}
