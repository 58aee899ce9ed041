import { openDataSource } from '../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../src/storage/engines/database-url.ts';

/** The parts of all sealed texts a database holds. */
export async function sealedParts(url: string): Promise<string[]> {
  const source = await openDataSource(parseDatabaseUrl(url), { poolSize: 1, timeLimitMs: 20_000 });
  try {
    const rows: { part: string }[] = await source.query('SELECT part FROM admission_sealed ORDER BY part');
    return rows.map(({ part }) => part);
  } finally {
    await source.destroy();
  }
}
