import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import { createTable } from '../engines/create-table.ts';
import { engineOf } from '../engines/registry.ts';

/** The drains that somebody asks about. */
export class CreateDrains implements MigrationInterface {
  readonly name = 'CreateDrains1763700000140';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'drains',
      primary: ['backend_id'],
      columns: ({ name, big }) => ({
        backend_id: name(128),
        suffix: name(16),
        url: name(512),
        revision: big,
        begun_at: big,
        asked_at: big,
      }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('drains', true);
}

/** What each router last told of drains. */
export class CreateRouterReports implements MigrationInterface {
  readonly name = 'CreateRouterReports1763700000141';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'router_reports',
      primary: ['router_id'],
      columns: ({ name, big, text }) => ({ router_id: name(128), number: big, reported_at: big, document: text }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('router_reports', true);
}

/** The counter of drains and seals. */
export class StartDrains implements MigrationInterface {
  readonly name = 'StartDrains1763700000142';
  async up(runner: QueryRunner): Promise<void> {
    const value = { name: 'drains', value: 0 };
    await runner.manager.createQueryBuilder().insert().into('revisions').values(value).orIgnore().execute();
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.manager.createQueryBuilder().delete().from('revisions').where({ name: 'drains' }).execute();
  }
}

/** A transaction belongs to one incarnation of its coordinator: a restart ends it. */
export class AddTransactionSuffix implements MigrationInterface {
  readonly name = 'AddTransactionSuffix1763700000143';
  async up(runner: QueryRunner): Promise<void> {
    // Where DDL is not transactional, a migration that was killed may have added it.
    if (await runner.hasColumn('open_transactions', 'suffix')) return;
    const type = engineOf(runner.dataSource).columns.name(16);
    await runner.addColumn(
      'open_transactions',
      new TableColumn({ name: 'suffix', ...type, isNullable: false, default: "''" }),
    );
  }
  down = (runner: QueryRunner) => runner.dropColumn('open_transactions', 'suffix');
}
