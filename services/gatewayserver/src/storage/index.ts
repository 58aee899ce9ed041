export { BadPageTokenError, DatabaseUnavailableError } from './contract/errors.ts';
export type { Store } from './contract/store.ts';
export { isInMemory } from './engines/database-url.ts';
export type { DatabaseTls } from './engines/server.ts';
export { measuredStore } from './measured-store.ts';
export { migrateUp, migrationStatus } from './migrate.ts';
export { openStore } from './open-store.ts';
