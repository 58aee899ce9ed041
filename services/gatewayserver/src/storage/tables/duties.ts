import type { Database } from '../connection/database.ts';
import type { DutyStore } from '../contract/suite.ts';
import type { DutyRow } from '../schema/suite.ts';
import { TABLES } from '../schema/table-names.ts';

/** Duties and who holds them. */
export function dutyStore(database: Database): DutyStore {
  return {
    hold: (name, holder, ms) => holdDuty(database, name, holder, ms),
    end: (name, holder) =>
      database.transaction(async ({ manager }) => {
        await manager.getRepository<DutyRow>(TABLES.duties).update({ name, holder }, { heldUntil: 0 });
      }),
  };
}

function holdDuty(database: Database, name: string, holder: string, ms: number): Promise<boolean> {
  const now = database.engine.dialect.clock;
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
