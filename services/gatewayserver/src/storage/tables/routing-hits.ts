import { And, LessThan, LessThanOrEqual, MoreThanOrEqual } from 'typeorm';
import type { Database } from '../connection/database.ts';
import type { RoutingHitStore, RoutingHits } from '../contract/routing-hits.ts';
import type { RoutingHitRow } from '../schema/routing-hits.ts';
import { TABLES } from '../schema/table-names.ts';

const ROWS_PER_STATEMENT = 200;

/** Counts of what steps and rules of the routing chain did. */
export function routingHitStore(database: Database): RoutingHitStore {
  return {
    add: (hits) => addHits(database, hits),
    list: ({ from, to }, stepId, most) =>
      database.read(({ manager }) =>
        manager.getRepository<RoutingHitRow>(TABLES.routingHits).find({
          where: { day: And(MoreThanOrEqual(from), LessThanOrEqual(to)), ...(stepId !== undefined && { stepId }) },
          order: { day: 'ASC', stepId: 'ASC', ruleId: 'ASC', did: 'ASC' },
          take: most,
        }),
      ),
    prune: (beforeDay) =>
      database.transaction(async ({ manager }) => {
        await manager.getRepository<RoutingHitRow>(TABLES.routingHits).delete({ day: LessThan(beforeDay) });
      }),
  };
}

async function addHits(database: Database, hits: readonly RoutingHits[]): Promise<void> {
  if (hits.length === 0) return;
  const { dialect } = database.engine;
  const { quoted } = dialect;
  const rows = merged(hits);
  await database.transaction(async ({ manager }) => {
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
      const chunk = rows.slice(from, from + ROWS_PER_STATEMENT);
      const mark = dialect.marks();
      const tuples = chunk.map(() => `(${[mark(), mark(), mark(), mark(), mark()].join(', ')})`).join(', ');
      const key = ['day', 'step_id', 'rule_id', 'did'].map(quoted).join(', ');
      const added = `${dialect.stored('routing_hits', quoted('hits'))} + ${dialect.offered(quoted('hits'))}`;
      await manager.query(
        `INSERT INTO routing_hits (${key}, ${quoted('hits')}) VALUES ${tuples} ${dialect.onConflict(key)} ${quoted('hits')} = ${added}`,
        chunk.flatMap(({ day, stepId, ruleId, did, hits: count }) => [day, stepId, ruleId, did, count]),
      );
    }
  });
}

/** Each row once, in one order, so that replicas do not wait for each other in a circle. */
function merged(hits: readonly RoutingHits[]): RoutingHits[] {
  const rows = new Map<string, RoutingHits>();
  for (const row of hits.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const before = rows.get(keyOf(row))?.hits ?? 0;
    rows.set(keyOf(row), { ...row, hits: row.hits + before });
  }
  return [...rows.values()];
}

function keyOf({ day, stepId, ruleId, did }: RoutingHits): string {
  return [day, stepId, ruleId, did].join(' ');
}
