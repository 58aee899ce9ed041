import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../engines/create-table.ts';

/** Who leads autoscaling, with the number that fences off former leaders. */
export class CreateScalingLead implements MigrationInterface {
  readonly name = 'CreateScalingLead1763700000130';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'scaling_lead',
      primary: ['name'],
      columns: ({ name, big }) => ({ name: name(64), holder: name(128), held_until: big, fence: big }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('scaling_lead', true);
}

/** Where autoscaling has each cluster. */
export class CreateClusterScaling implements MigrationInterface {
  readonly name = 'CreateClusterScaling1763700000131';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'cluster_scaling',
      primary: ['backend_id'],
      columns: ({ name, text, flag }) => ({
        backend_id: name(128),
        group_id: name(128),
        document: text,
        force_stop: flag,
      }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('cluster_scaling', true);
}

/** What was decided for each group, and which are paused. */
export class CreateGroupScaling implements MigrationInterface {
  readonly name = 'CreateGroupScaling1763700000132';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'group_scaling',
      primary: ['group_id'],
      columns: ({ name, text, flag }) => ({ group_id: name(128), document: text, paused: flag, pause_reason: text }),
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('group_scaling', true);
}

/** What autoscaling did. */
export class CreateScalingEvents implements MigrationInterface {
  readonly name = 'CreateScalingEvents1763700000133';
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, {
      name: 'scaling_events',
      primary: ['number'],
      columns: ({ name, text, big }) => ({
        number: big,
        at: big,
        group_id: name(128),
        backend_id: name(128),
        kind: name(64),
        reason: text,
        actor: name(128),
      }),
      indexes: {
        scaling_events_by_group: ['group_id', 'number'],
        scaling_events_by_backend: ['backend_id', 'number'],
      },
    });
  }
  down = (runner: QueryRunner) => runner.dropTable('scaling_events', true);
}
