import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../engines/create-table.ts';

/** History. Every filter has an index in the order in which pages are read. */
export class CreateQueries implements MigrationInterface {
  readonly name = 'CreateQueries1763700000010';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'queries',
      primary: ['id'],
      nullable: ['started_at', 'ended_at', 'row_count'],
      columns: ({ name, text, big, int, small }) => ({
        id: name(128),
        trino_query_id: name(128),
        text,
        user_name: name(256),
        source: name(256),
        client_tags: text,
        client_ip: name(64),
        group_id: name(128),
        backend_id: name(128),
        decided_by: name(256),
        state: small,
        submitted_at: big,
        queued_ms: int,
        started_at: big,
        ended_at: big,
        ended_state: small,
        row_count: big,
        error: text,
      }),
      indexes: {
        queries_by_time: ['submitted_at', 'id'],
        queries_by_user: ['user_name', 'submitted_at', 'id'],
        queries_by_backend: ['backend_id', 'submitted_at', 'id'],
        queries_by_group: ['group_id', 'submitted_at', 'id'],
        queries_by_state: ['state', 'submitted_at', 'id'],
        queries_by_source: ['source', 'submitted_at', 'id'],
        queries_by_trino_id: ['trino_query_id'],
      },
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('queries', true);
}
