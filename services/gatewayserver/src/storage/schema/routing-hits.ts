import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** How often something was done on a day. */
export type RoutingHitRow = { day: string; stepId: string; ruleId: string; did: string; hits: number };

/** What steps and rules of the routing chain did. */
export function routingHitEntities(types: ColumnTypes) {
  const id = types.name(LENGTHS.id);
  const short = primary(types.name(LENGTHS.suffix));
  return [
    new EntitySchema<RoutingHitRow>({
      name: TABLES.routingHits,
      columns: {
        day: short,
        stepId: { ...primary(id), name: 'step_id' },
        ruleId: { ...primary(id), name: 'rule_id' },
        did: short,
        hits: bigColumn(types),
      },
    }),
  ];
}
