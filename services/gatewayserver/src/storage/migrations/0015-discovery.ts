import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../engines/create-table.ts';

/** What was found in Kubernetes, by kind and namespace. */
export class CreateDiscoverySources implements MigrationInterface {
  readonly name = 'CreateDiscoverySources1763700000150';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'discovery_sources',
      primary: ['name'],
      columns: ({ name, text }) => ({ name: name(256), document: text }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('discovery_sources', true);
}

/** Members of groups that nobody put: they come and go with their backends. */
export class CreateDiscoveredMembers implements MigrationInterface {
  readonly name = 'CreateDiscoveredMembers1763700000151';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'discovered_members',
      primary: ['group_id', 'backend_id'],
      columns: ({ name }) => ({ group_id: name(128), backend_id: name(128) }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('discovered_members', true);
}
