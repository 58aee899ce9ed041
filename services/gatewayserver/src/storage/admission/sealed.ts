import { In } from 'typeorm';
import { CLOCK } from '../clock.ts';
import type { Database } from '../database.ts';
import type { Engine } from '../engine.ts';
import { type SealedRow, TABLES } from '../entities.ts';
import type { Session } from '../session.ts';

const IDS_PER_STATEMENT = 500;
const INTO = 'admission_sealed (id, part, created_at, sealed)';

const rowsOf = ({ manager }: Session) => manager.getRepository<SealedRow>(TABLES.sealed);

// Plain statements: each waiter has a handful, and building them anew costs more than running them.
const ROW: Record<Engine, (clock: string) => string> = {
  sqlite: (clock) => `INSERT OR IGNORE INTO ${INTO} VALUES (?, ?, ${clock}, ?)`,
  mysql: (clock) => `INSERT IGNORE INTO ${INTO} VALUES (?, ?, ${clock}, ?)`,
  mariadb: (clock) => `INSERT IGNORE INTO ${INTO} VALUES (?, ?, ${clock}, ?)`,
  postgres: (clock) => `INSERT INTO ${INTO} VALUES ($1, $2, ${clock}, $3) ON CONFLICT DO NOTHING`,
};

/** See Store.putSealed. */
export async function putSealed(database: Database, id: string, part: string, sealed: Uint8Array): Promise<void> {
  const text = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).toString('base64');
  await database.transaction(({ manager, engine }) => manager.query(ROW[engine](CLOCK[engine]), [id, part, text]));
}

/** See Store.getSealed. */
export async function getSealed(database: Database, id: string, part: string): Promise<Uint8Array | undefined> {
  const [row]: { sealed: string }[] = await database.read(({ manager, engine }) => {
    const [first, second] = engine === 'postgres' ? ['$1', '$2'] : ['?', '?'];
    return manager.query(`SELECT sealed FROM admission_sealed WHERE id = ${first} AND part = ${second}`, [id, part]);
  });
  return row === undefined ? undefined : new Uint8Array(Buffer.from(row.sealed, 'base64'));
}

/** All parts of these. */
export async function deleteSealed(session: Session, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT)
    await rowsOf(session).delete({ id: In(ids.slice(from, from + IDS_PER_STATEMENT)) });
}

/** What is older and belongs to nobody who waits: its waiter never came about, or an answer came too late. */
export async function pruneSealed(session: Session, before: number): Promise<void> {
  await rowsOf(session)
    .createQueryBuilder()
    .delete()
    .where('created_at < :before', { before })
    .andWhere(`id NOT IN (SELECT id FROM admission_entries WHERE kind = 'waiter' AND document <> '')`)
    .execute();
}
