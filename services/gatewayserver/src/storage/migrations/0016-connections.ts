import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../engines/create-table.ts';

/** What each router saw of its connections to a backend. */
export class CreateConnectionReports implements MigrationInterface {
  readonly name = 'CreateConnectionReports1763700000160';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'connection_reports',
      primary: ['backend_id', 'router_id'],
      columns: ({ name, big, text }) => ({
        backend_id: name(128),
        router_id: name(128),
        number: big,
        reported_at: big,
        document: text,
      }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('connection_reports', true);
}
