import type { Database } from './database.ts';
import type { Engine } from './engine.ts';
import { type DutyRow, TABLES } from './entities.ts';

// The database's clock: those of the replicas may differ.
const NOW: Record<Engine, string> = {
  sqlite: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  mysql: 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)',
  mariadb: 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)',
  postgres: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)',
};

/** See Store.holdDuty. */
export function holdDuty(database: Database, name: string, holder: string, ms: number): Promise<boolean> {
  const now = NOW[database.engine];
  return database.transaction(async ({ manager }) => {
    const rows = manager.getRepository<DutyRow>(TABLES.duties);
    const take = () =>
      rows
        .createQueryBuilder()
        .update()
        .set({ holder, heldUntil: () => `${now} + ${Math.ceil(ms)}` })
        .where(`name = :name AND (holder = :holder OR held_until <= ${now})`, { name, holder })
        .execute();
    await take();
    if (!(await rows.existsBy({ name }))) {
      await rows.createQueryBuilder().insert().values({ name, holder: '', heldUntil: 0 }).orIgnore().execute();
      await take();
    }
    return (await rows.findOneByOrFail({ name })).holder === holder;
  });
}

/** See Store.endDuty. */
export function endDuty(database: Database, name: string, holder: string): Promise<void> {
  return database.transaction(async ({ manager }) => {
    await manager.getRepository<DutyRow>(TABLES.duties).update({ name, holder }, { heldUntil: 0 });
  });
}
