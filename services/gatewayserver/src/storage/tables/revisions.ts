import type { Database } from '../connection/database.ts';
import type { Session } from '../connection/session.ts';
import type { RevisionStore, Revisions } from '../contract/revisions.ts';
import type { RevisionRow } from '../schema/suite.ts';
import { TABLES } from '../schema/table-names.ts';

/** The counters. */
export function revisionStore(database: Database): RevisionStore {
  return { read: () => database.read(readRevisions) };
}

/** The kinds of write that are counted. */
export type RevisionName = keyof Revisions;

/**
 * Takes the row lock of one kind of write until the transaction ends: others that want it wait. The first statement of
 * every transaction that writes that kind.
 */
export async function lockRevision({ manager }: Session, name: RevisionName): Promise<void> {
  await manager.getRepository(TABLES.revisions).update({ name }, { value: () => 'value' });
}

/** Counts a write of this kind, under the same lock, and answers nothing: readers compare. */
export async function bumpRevision({ manager }: Session, name: RevisionName): Promise<void> {
  await manager.getRepository(TABLES.revisions).update({ name }, { value: () => 'value + 1' });
}

/** The counters as they are. */
export async function readRevisions({ manager }: Session): Promise<Revisions> {
  const rows = await manager.getRepository<RevisionRow>(TABLES.revisions).find();
  const value = (name: RevisionName) => rows.find((row) => row.name === name)?.value ?? 0;
  return {
    configuration: value('configuration'),
    conditions: value('conditions'),
    incarnations: value('incarnations'),
    drains: value('drains'),
  };
}
