import { In } from 'typeorm';
import type { Database } from '../../connection/database.ts';
import type { QueryPosition } from '../../contract/queries.ts';
import type { QueryRow } from '../../schema/queries.ts';
import { TABLES } from '../../schema/table-names.ts';

/** See QueryStore.positionBehind. */
export function positionBehind(
  database: Database,
  position: QueryPosition | undefined,
  count: number,
): Promise<QueryPosition | undefined> {
  return database.read(async ({ manager }) => {
    const select = manager
      .getRepository<QueryRow>(TABLES.queries)
      .createQueryBuilder('q')
      .select(['q.id', 'q.submittedAt'])
      .orderBy('q.submittedAt', 'DESC')
      .addOrderBy('q.id', 'DESC')
      .offset(count)
      .limit(1);
    if (position !== undefined)
      select
        .where('q.submittedAt <= :at', { at: position.submittedAt })
        .andWhere('(q.submittedAt < :at OR q.id < :id)', { id: position.id });
    const row = await select.getOne();
    return row === null ? undefined : { submittedAt: row.submittedAt, id: row.id };
  });
}

/** See QueryStore.purge. */
export function purgeQueries(database: Database, upTo: QueryPosition, most: number): Promise<number> {
  return database.transaction(async ({ manager }) => {
    const rows = manager.getRepository<QueryRow>(TABLES.queries);
    const oldest = rows
      .createQueryBuilder('q')
      .select(['q.id'])
      .where('q.submittedAt <= :at', { at: upTo.submittedAt })
      .andWhere('(q.submittedAt < :at OR q.id <= :id)', { id: upTo.id })
      .orderBy('q.submittedAt', 'ASC')
      .addOrderBy('q.id', 'ASC')
      .limit(most);
    const [select, values] = oldest.getQueryAndParameters();
    // Rows that are being written are left for the next time: a purge that never waits is part of no deadlock.
    const { forUpdateSkipLocked } = database.engine.dialect;
    const old: { q_id: string }[] = await manager.query(`${select}${forUpdateSkipLocked}`, values);
    if (old.length === 0) return 0;
    await rows.delete({ id: In(old.map((row) => row.q_id)) });
    return old.length;
  });
}
