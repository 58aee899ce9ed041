import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';
import { createTable } from './create-table.ts';

const BY_USER_AND_STATE = new TableIndex({
  name: 'queries_by_user_state',
  columnNames: ['user_name', 'state', 'submitted_at', 'id'],
});

/** What one replica does for all of them, until its time is over or it says so. */
export class CreateLeases implements MigrationInterface {
  readonly name = 'CreateLeases1763700000060';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'leases',
      primary: ['name'],
      columns: ({ name, big }) => ({ name: name(64), holder: name(64), held_until: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('leases', true);
}

/** The failed queries of a user who never fails are found without reading all of theirs. */
export class IndexQueriesByUserAndState implements MigrationInterface {
  readonly name = 'IndexQueriesByUserAndState1763700000061';
  async up(runner: QueryRunner): Promise<void> {
    const existing = (await runner.getTable('queries'))?.indices ?? [];
    if (existing.some(({ name }) => name === BY_USER_AND_STATE.name)) return;
    await runner.createIndex('queries', BY_USER_AND_STATE);
  }
  down = (runner: QueryRunner) => runner.dropIndex('queries', BY_USER_AND_STATE);
}
