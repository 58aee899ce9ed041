import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, idColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** Who leads autoscaling. */
export type ScalingLeadRow = { name: string; holder: string; heldUntil: number; fence: number };

/** Where autoscaling has a cluster: the leader's word as JSON, empty before there is one, and whether an operator wants it stopped. */
export type ClusterScalingRow = { backendId: string; groupId: string; document: string; forceStop: boolean };

/** A group that is scaled: the last decision as JSON, empty before there is one, and whether an operator has paused it. */
export type GroupScalingRow = { groupId: string; document: string; paused: boolean; pauseReason: string };

/** One thing that autoscaling did; the numbers grow with time. */
export type ScalingEventRow = {
  number: number;
  at: number;
  groupId: string;
  backendId: string;
  kind: string;
  reason: string;
  actor: string;
};

/** Autoscaling. */
export function scalingEntities(types: ColumnTypes) {
  const big = bigColumn(types);
  const name = types.name(LENGTHS.id);
  const [groupId, backendId] = [
    { ...name, name: 'group_id' },
    { ...name, name: 'backend_id' },
  ];
  return [
    new EntitySchema<ScalingLeadRow>({
      name: TABLES.scalingLead,
      columns: {
        name: primary(types.name(LENGTHS.address)),
        holder: name,
        heldUntil: { ...big, name: 'held_until' },
        fence: big,
      },
    }),
    new EntitySchema<ClusterScalingRow>({
      name: TABLES.clusterScaling,
      columns: {
        backendId: { ...idColumn(types), name: 'backend_id' },
        groupId,
        document: types.text,
        forceStop: { ...types.flag, name: 'force_stop' },
      },
    }),
    new EntitySchema<GroupScalingRow>({
      name: TABLES.groupScaling,
      columns: {
        groupId: { ...idColumn(types), name: 'group_id' },
        document: types.text,
        paused: types.flag,
        pauseReason: { ...types.text, name: 'pause_reason' },
      },
    }),
    new EntitySchema<ScalingEventRow>({
      name: TABLES.scalingEvents,
      columns: {
        number: primary(big),
        at: big,
        groupId,
        backendId,
        kind: types.name(LENGTHS.address),
        reason: types.text,
        actor: name,
      },
      indices: [
        { name: 'scaling_events_by_group', columns: ['groupId', 'number'] },
        { name: 'scaling_events_by_backend', columns: ['backendId', 'number'] },
      ],
    }),
  ];
}
