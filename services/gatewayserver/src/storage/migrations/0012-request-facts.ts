import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import { engineOf } from '../engines/registry.ts';

/** History keeps what routing looked at, so that a query can be asked about again. */
export class AddRequestFacts implements MigrationInterface {
  readonly name = 'AddRequestFacts1763700000120';
  async up(runner: QueryRunner): Promise<void> {
    // Where DDL is not transactional, a migration that was killed may have added it.
    if (await runner.hasColumn('queries', 'request')) return;
    const { text } = engineOf(runner.dataSource).columns;
    await runner.addColumn('queries', new TableColumn({ name: 'request', ...text, isNullable: true }));
  }
  down = (runner: QueryRunner) => runner.dropColumn('queries', 'request');
}
