import type { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { admissionEntities } from './admission.ts';
import { conditionEntities } from './conditions.ts';
import { coordinatorEntities } from './coordinators.ts';
import { discoveryEntities } from './discovery.ts';
import { drainEntities } from './drains.ts';
import { objectEntities } from './objects.ts';
import { queryEntities } from './queries.ts';
import { routingHitEntities } from './routing-hits.ts';
import { scalingEntities } from './scaling.ts';
import { suiteEntities } from './suite.ts';

/** All tables as TypeORM sees them on one engine. */
export function entities(types: ColumnTypes): EntitySchema[] {
  return [
    ...objectEntities(types),
    ...discoveryEntities(types),
    ...conditionEntities(types),
    ...coordinatorEntities(types),
    ...suiteEntities(types),
    ...admissionEntities(types),
    ...drainEntities(types),
    ...queryEntities(types),
    ...routingHitEntities(types),
    ...scalingEntities(types),
  ] as EntitySchema[];
}
