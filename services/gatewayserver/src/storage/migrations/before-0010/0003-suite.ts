import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

/** Counters that replicas watch, and the row lock under which configuration changes run one after the other. */
export class CreateRevisions implements MigrationInterface {
  readonly name = 'CreateRevisions1763700000007';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'revisions',
      primary: ['name'],
      columns: ({ name, big }) => ({ name: name(64), value: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('revisions', true);
}

/** The three counters; a migration of its own because tables and rows do not share a transaction on MySQL. */
export class StartRevisions implements MigrationInterface {
  readonly name = 'StartRevisions1763700000008';
  async up(runner: QueryRunner): Promise<void> {
    const values = ['configuration', 'conditions', 'incarnations'].map((name) => ({ name, value: 0 }));
    await runner.manager.createQueryBuilder().insert().into('revisions').values(values).orIgnore().execute();
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.manager.createQueryBuilder().delete().from('revisions').execute();
  }
}

/** Secrets that all processes of the suite share. */
export class CreateSuiteSecrets implements MigrationInterface {
  readonly name = 'CreateSuiteSecrets1763700000009';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'suite_secrets',
      primary: ['name'],
      columns: ({ name, text }) => ({ name: name(64), value: text }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('suite_secrets', true);
}
