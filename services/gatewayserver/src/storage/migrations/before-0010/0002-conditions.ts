import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

/** What the monitor last found about each backend. */
export class CreateBackendStatuses implements MigrationInterface {
  readonly name = 'CreateBackendStatuses1763700000004';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'backend_statuses',
      primary: ['backend_id'],
      columns: ({ name, text, big }) => ({ backend_id: name(128), document: text, observed_at: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('backend_statuses', true);
}

/** What operators overrode of the monitor's findings. */
export class CreateBackendOverrides implements MigrationInterface {
  readonly name = 'CreateBackendOverrides1763700000005';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'backend_overrides',
      primary: ['backend_id'],
      columns: ({ name, text }) => ({ backend_id: name(128), document: text }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('backend_overrides', true);
}

/** Incarnations of coordinators, by the suffix of their query ids. */
export class CreateIncarnations implements MigrationInterface {
  readonly name = 'CreateIncarnations1763700000006';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'incarnations',
      primary: ['suffix', 'url'],
      columns: ({ name, big }) => ({
        suffix: name(16),
        url: name(512),
        backend_id: name(128),
        forwarded_headers: name(64),
        first_seen_at: big,
        last_seen_at: big,
      }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('incarnations', true);
}
