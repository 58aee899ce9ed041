import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../engines/create-table.ts';

/** Versions of the routing chain: the newest is in force. */
export class CreateRoutingChains implements MigrationInterface {
  readonly name = 'CreateRoutingChains1763700000100';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'routing_chains',
      primary: ['version'],
      columns: ({ name, big, int, text }) => ({
        version: big,
        stored_at: big,
        managed_by: name(64),
        rolled_back_to: big,
        steps: int,
        document: text,
      }),
      nullable: ['rolled_back_to'],
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('routing_chains', true);
}
