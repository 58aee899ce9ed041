import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { ColumnTypes } from '../../engines/columns.ts';
import { createTable } from '../../engines/create-table.ts';

const object = (types: ColumnTypes) => ({ id: types.name(128), document: types.text, enabled: types.flag });

/** Backends as administrators put them. */
export class CreateBackends implements MigrationInterface {
  readonly name = 'CreateBackends1763700000001';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'backends',
      primary: ['id'],
      columns: (types) => ({ ...object(types), draining: types.flag }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('backends', true);
}

/** Groups as administrators put them; `groups` is a word of SQL. */
export class CreateGroups implements MigrationInterface {
  readonly name = 'CreateGroups1763700000002';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, { name: 'routing_groups', primary: ['id'], columns: object });
  }
  down = (runner: QueryRunner) => runner.dropTable('routing_groups', true);
}

/** Policies as administrators put them. */
export class CreatePolicies implements MigrationInterface {
  readonly name = 'CreatePolicies1763700000003';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, { name: 'policies', primary: ['id'], columns: object });
  }
  down = (runner: QueryRunner) => runner.dropTable('policies', true);
}
