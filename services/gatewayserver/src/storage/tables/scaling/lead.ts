import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { ScalingLead, ScalingStore } from '../../contract/scaling.ts';
import type { ScalingLeadRow } from '../../schema/scaling.ts';
import { TABLES } from '../../schema/table-names.ts';

/** The one lead that there is. */
const NAME = 'scaling';

const rowsOf = ({ manager }: Session) => manager.getRepository<ScalingLeadRow>(TABLES.scalingLead);

/** See ScalingStore.lead. */
export function takeLead(database: Database, holder: string, ms: number): ReturnType<ScalingStore['lead']> {
  return database.transaction(async (session) => {
    const { clock } = session.engine.dialect;
    const heldUntil = () => `${clock} + ${Math.ceil(ms)}`;
    const take = async () => {
      await rowsOf(session)
        .createQueryBuilder()
        .update()
        .set({ fence: () => 'fence + 1', holder, heldUntil })
        .where(`name = :name AND holder <> :holder AND held_until <= ${clock}`, { name: NAME, holder })
        .execute();
      await rowsOf(session).update({ name: NAME, holder }, { heldUntil });
    };
    await take();
    if (!(await rowsOf(session).existsBy({ name: NAME }))) {
      const first = { name: NAME, holder: '', heldUntil: 0, fence: 0 };
      await rowsOf(session).createQueryBuilder().insert().values(first).orIgnore().execute();
      await take();
    }
    const row = await rowsOf(session).findOneByOrFail({ name: NAME });
    return row.holder === holder ? { holder, fence: row.fence, now: await timeOf(session) } : undefined;
  });
}

/** See ScalingStore.resign. */
export async function giveUpLead(database: Database, holder: string): Promise<void> {
  await database.transaction(async (session) => {
    const { clock } = session.engine.dialect;
    await rowsOf(session)
      .createQueryBuilder()
      .update()
      .set({ heldUntil: () => clock })
      .where(`name = :name AND holder = :holder AND held_until > ${clock}`, { name: NAME, holder })
      .execute();
  });
}

/** See ScalingStore.leader. */
export function readLeader(database: Database): ReturnType<ScalingStore['leader']> {
  return database.read(async (session) => {
    const row = await rowsOf(session).findOneBy({ name: NAME });
    const now = await timeOf(session);
    return { holder: row !== null && row.heldUntil > now.getTime() ? row.holder : '', now };
  });
}

/** Whether a lead is still the one that counts. Locks it: nobody takes it before the transaction ends. Its first statement. */
export async function isLead(session: Session, { holder, fence }: ScalingLead): Promise<boolean> {
  await rowsOf(session).update({ name: NAME }, { fence: () => 'fence' });
  const row = await rowsOf(session).findOneBy({ name: NAME });
  return row?.holder === holder && row.fence === fence;
}

async function timeOf({ manager, engine }: Session): Promise<Date> {
  const [row]: { clock: number | string }[] = await manager.query(`SELECT ${engine.dialect.clock} AS clock`);
  return new Date(Number(row?.clock));
}
