import { migrateUp, migrationStatus } from './storage/index.ts';

/** Runs `migrate up` or `migrate status`. @returns the lines to print; undefined when it is neither command */
export async function runMigrateCommand(words: readonly string[], databaseUrl: string): Promise<string[] | undefined> {
  switch (words.join(' ')) {
    case 'migrate up': {
      const taken = await migrateUp(databaseUrl);
      return taken.length > 0 ? taken.map((name) => `applied ${name}`) : ['the schema is up to date'];
    }
    case 'migrate status':
      return (await migrationStatus(databaseUrl)).map(({ name, state }) => `${state} ${name}`);
    default:
      return undefined;
  }
}
