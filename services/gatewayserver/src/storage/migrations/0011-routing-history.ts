import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import { createTable } from '../engines/create-table.ts';
import { engineOf } from '../engines/registry.ts';

/** History knows which step and rule of the routing chain decided, and what was only observed. */
export class AddQueryRouting implements MigrationInterface {
  readonly name = 'AddQueryRouting1763700000110';
  async up(runner: QueryRunner): Promise<void> {
    const { name, text } = engineOf(runner.dataSource).columns;
    for (const [column, type] of Object.entries({ step_id: name(128), rule_id: name(128), observed: text })) {
      // Where DDL is not transactional, a migration that was killed may have added some.
      if (await runner.hasColumn('queries', column)) continue;
      await runner.addColumn('queries', new TableColumn({ name: column, ...type, isNullable: true }));
    }
  }
  async down(runner: QueryRunner): Promise<void> {
    for (const column of ['step_id', 'rule_id', 'observed']) await runner.dropColumn('queries', column);
  }
}

/** How often steps and rules of the routing chain did something, by day. */
export class CreateRoutingHits implements MigrationInterface {
  readonly name = 'CreateRoutingHits1763700000111';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'routing_hits',
      primary: ['day', 'step_id', 'rule_id', 'did'],
      columns: ({ name, big }) => ({ day: name(16), step_id: name(128), rule_id: name(128), did: name(16), hits: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('routing_hits', true);
}
