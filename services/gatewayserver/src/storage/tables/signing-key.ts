import { randomBytes } from 'node:crypto';
import type { Database } from '../connection/database.ts';
import { type SecretRow, TABLES } from '../schema/entities.ts';

const NAME = 'refusal_key';

/** The key of the suite, drawn by whoever asks first; a draw that comes second is thrown away. */
export function readRefusalKey(database: Database): Promise<Uint8Array> {
  return database.transaction(async ({ manager }) => {
    const drawn = { name: NAME, value: randomBytes(32).toString('base64') };
    await manager.createQueryBuilder().insert().into(TABLES.secrets).values(drawn).orIgnore().execute();
    const row = await manager.getRepository<SecretRow>(TABLES.secrets).findOneByOrFail({ name: NAME });
    return new Uint8Array(Buffer.from(row.value, 'base64'));
  });
}
