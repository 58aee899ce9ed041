import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

/** Leases, waiters and holds; what was changed last has the largest version. */
export class CreateAdmissionEntries implements MigrationInterface {
  readonly name = 'CreateAdmissionEntries1763700000080';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'admission_entries',
      primary: ['kind', 'id'],
      columns: ({ name, big, text }) => ({
        kind: name(16),
        id: name(128),
        version: big,
        changed_at: big,
        document: text,
      }),
      indexes: { admission_entries_by_version: ['version'] },
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('admission_entries', true);
}

/** Statements and answers of waiters, sealed: read only when a slot is offered. */
export class CreateAdmissionSealed implements MigrationInterface {
  readonly name = 'CreateAdmissionSealed1763700000081';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'admission_sealed',
      primary: ['id', 'part'],
      columns: ({ name, big, text }) => ({ id: name(128), part: name(64), created_at: big, sealed: text }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('admission_sealed', true);
}

/** The counter of changes to admission, and the row lock under which they run one after the other. */
export class StartAdmission implements MigrationInterface {
  readonly name = 'StartAdmission1763700000082';
  async up(runner: QueryRunner): Promise<void> {
    const value = { name: 'admission', value: 0 };
    await runner.manager.createQueryBuilder().insert().into('revisions').values(value).orIgnore().execute();
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.manager.createQueryBuilder().delete().from('revisions').where({ name: 'admission' }).execute();
  }
}
