import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

/** What the monitor last read from the uptime schedule of each backend. */
export class CreateBackendSchedules implements MigrationInterface {
  readonly name = 'CreateBackendSchedules1763700000011';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'backend_schedules',
      primary: ['backend_id'],
      columns: ({ name, text, big }) => ({ backend_id: name(128), document: text, observed_at: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('backend_schedules', true);
}
