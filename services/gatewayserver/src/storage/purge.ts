import { In } from 'typeorm';
import type { Database } from './database.ts';
import { type QueryRow, TABLES } from './entities.ts';
import type { QueryPosition } from './store.ts';

/** See Store.queryBehind. */
export function queryBehind(
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

/** See Store.purgeQueries. */
export function purgeQueries(database: Database, upTo: QueryPosition, most: number): Promise<number> {
  return database.transaction(async ({ manager }) => {
    const rows = manager.getRepository<QueryRow>(TABLES.queries);
    const old = await rows
      .createQueryBuilder('q')
      .select(['q.id'])
      .where('q.submittedAt <= :at', { at: upTo.submittedAt })
      .andWhere('(q.submittedAt < :at OR q.id <= :id)', { id: upTo.id })
      .orderBy('q.submittedAt', 'ASC')
      .addOrderBy('q.id', 'ASC')
      .limit(most)
      .getMany();
    if (old.length === 0) return 0;
    // By primary key and in its order, as history is written: two writers meet their locks alike.
    await rows.delete({ id: In(old.map(({ id }) => id).sort()) });
    return old.length;
  });
}
