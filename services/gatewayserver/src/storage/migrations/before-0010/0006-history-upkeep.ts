import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

const INDEXES = Object.entries({
  queries_by_user_state: 'user_name',
  queries_by_backend_state: 'backend_id',
  queries_by_group_state: 'group_id',
  queries_by_source_state: 'source',
}).map(([name, column]) => new TableIndex({ name, columnNames: [column, 'state', 'submitted_at', 'id'] }));

/** Duties that one replica does for all of them, until they expire or it ends them. */
export class CreateDuties implements MigrationInterface {
  readonly name = 'CreateDuties1763700000060';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'duties',
      primary: ['name'],
      columns: ({ name, big }) => ({ name: name(64), holder: name(64), held_until: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('duties', true);
}

/** The failed queries of a user, backend, group or source are found without reading those that did not fail. */
export class IndexQueriesByState implements MigrationInterface {
  readonly name = 'IndexQueriesByState1763700000061';
  async up(runner: QueryRunner): Promise<void> {
    // Where DDL is not transactional, a migration that was killed may have left some.
    const existing = new Set((await runner.getTable('queries'))?.indices.map(({ name }) => name));
    for (const index of INDEXES) if (!existing.has(index.name)) await runner.createIndex('queries', index);
  }
  async down(runner: QueryRunner): Promise<void> {
    for (const index of INDEXES) await runner.dropIndex('queries', index);
  }
}
