import { randomBytes } from 'node:crypto';
import type { Database } from '../connection/database.ts';
import type { SuiteSecretStore } from '../contract/suite.ts';
import type { SecretRow } from '../schema/suite.ts';
import { TABLES } from '../schema/table-names.ts';

/** The name under which databases have the signing key. */
const SIGNING_KEY = 'refusal_key';

/** Secrets of the suite: drawn once, kept for good. */
export function suiteSecretStore(database: Database): SuiteSecretStore {
  let signingKey: Uint8Array | undefined;
  return {
    async signingKey() {
      signingKey ??= await readSigningKey(database);
      return signingKey;
    },
  };
}

/** The first draw of all replicas is kept; a later one is thrown away. */
function readSigningKey(database: Database): Promise<Uint8Array> {
  return database.transaction(async ({ manager }) => {
    const drawn = { name: SIGNING_KEY, value: randomBytes(32).toString('base64') };
    await manager.createQueryBuilder().insert().into(TABLES.secrets).values(drawn).orIgnore().execute();
    const row = await manager.getRepository<SecretRow>(TABLES.secrets).findOneByOrFail({ name: SIGNING_KEY });
    return new Uint8Array(Buffer.from(row.value, 'base64'));
  });
}
