import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import { engineOf } from '../../engines/registry.ts';

/** A coordinator whose backend was deleted is reached by the TLS settings it had. */
export class AddIncarnationTls implements MigrationInterface {
  readonly name = 'AddIncarnationTls1763700000090';
  async up(runner: QueryRunner): Promise<void> {
    // Where DDL is not transactional, a migration that was killed may have added it.
    if (await runner.hasColumn('incarnations', 'tls')) return;
    const { text } = engineOf(runner.dataSource).columns;
    await runner.addColumn('incarnations', new TableColumn({ name: 'tls', ...text, isNullable: true }));
  }
  down = (runner: QueryRunner) => runner.dropColumn('incarnations', 'tls');
}
