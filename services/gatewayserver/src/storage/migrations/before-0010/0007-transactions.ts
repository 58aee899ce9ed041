import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

/** Open transactions and who holds them; `transactions` reads like a word of SQL. */
export class CreateOpenTransactions implements MigrationInterface {
  readonly name = 'CreateOpenTransactions1763700000070';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'open_transactions',
      primary: ['id'],
      columns: ({ name, big }) => ({
        id: name(64),
        backend_id: name(128),
        url: name(512),
        forwarded_headers: name(64),
        started_at: big,
      }),
      indexes: { open_transactions_by_time: ['started_at'] },
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('open_transactions', true);
}
