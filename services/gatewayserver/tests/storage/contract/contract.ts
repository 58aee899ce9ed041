import { afterAll, describe } from '@jest/globals';
import type { NewDatabase } from '../../support/databases.ts';
import { dropMigrated } from '../../support/migrated-databases.ts';
import { admissionContract } from './admission.ts';
import { conditionsContract } from './conditions.ts';
import { discoveryContract } from './configuration/discovery.ts';
import { configurationContract } from './configuration.ts';
import { drainsContract } from './drains/drains.ts';
import { historyContract } from './history.ts';
import { incarnationsContract } from './incarnations.ts';
import { mergeContract } from './merge.ts';
import { replicasContract } from './replicas.ts';
import { routingChainContract } from './routing-chain.ts';
import { routingHitsContract } from './routing-hits.ts';
import { scalingContract } from './scaling/scaling.ts';
import { schemaContract } from './schema.ts';
import { secretsContract } from './secrets.ts';
import { suiteContract } from './suite.ts';
import { transactionsContract } from './transactions.ts';
import { upkeepContract } from './upkeep.ts';

/**
 * What every engine promises. A `lasting` database outlives the store that uses it: all but `sqlite::memory:`, which has no
 * second store and no schema to migrate.
 */
export function storageContract(engine: string, fresh: NewDatabase, { lasting }: { lasting: boolean }): void {
  describe(`the store on ${engine}`, () => {
    afterAll(() => dropMigrated(fresh));
    configurationContract(fresh);
    discoveryContract(fresh);
    routingChainContract(fresh);
    conditionsContract(fresh);
    incarnationsContract(fresh);
    historyContract(fresh);
    mergeContract(fresh);
    transactionsContract(fresh);
    admissionContract(fresh, { lasting });
    upkeepContract(fresh);
    suiteContract(fresh);
    drainsContract(fresh, { lasting });
    routingHitsContract(fresh);
    scalingContract(fresh);
    if (lasting) {
      replicasContract(fresh);
      schemaContract(fresh);
      secretsContract(fresh);
    }
  });
}
