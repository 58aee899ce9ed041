import { describe } from '@jest/globals';
import { admissionContract } from './storage-contract-admission.ts';
import { conditionsContract } from './storage-contract-conditions.ts';
import { configurationContract } from './storage-contract-configuration.ts';
import { historyContract } from './storage-contract-history.ts';
import { mergeContract } from './storage-contract-merge.ts';
import { replicasContract } from './storage-contract-replicas.ts';
import { schemaContract } from './storage-contract-schema.ts';
import { secretsContract } from './storage-contract-secrets.ts';
import { transactionsContract } from './storage-contract-transactions.ts';
import { upkeepContract } from './storage-contract-upkeep.ts';
import type { NewDatabase } from './storage-databases.ts';

/**
 * What every engine promises. `lasting` says that a database outlives the store that uses it: all but `sqlite::memory:`,
 * which has no second store and no schema to migrate.
 */
export function storageContract(engine: string, fresh: NewDatabase, { lasting }: { lasting: boolean }): void {
  describe(`the store on ${engine}`, () => {
    configurationContract(fresh);
    conditionsContract(fresh);
    historyContract(fresh);
    mergeContract(fresh);
    transactionsContract(fresh);
    admissionContract(fresh, { lasting });
    upkeepContract(fresh);
    if (lasting) {
      replicasContract(fresh);
      schemaContract(fresh);
      secretsContract(fresh);
    }
  });
}
