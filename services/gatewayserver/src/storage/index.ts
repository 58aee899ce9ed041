export { measuredStore } from './measured-store.ts';
export { migrateUp, migrationStatus } from './migrate.ts';
export { openStore } from './open-store.ts';
export { BadPageTokenError, DatabaseUnavailableError, type Store } from './store.ts';
