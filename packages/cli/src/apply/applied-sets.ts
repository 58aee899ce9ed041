import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Declared } from '@trino-gateway/config';
import { backendKind, groupKind, type Kind, policyKind } from '../kinds/index.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Stored } from './plan-changes.ts';

type Owned = { id: string; managedBy: string; appliedSet: string };

/**
 * The same objects, as members of a set. Without one, an object stays in the set where it is, unless the file names one.
 * @throws UsageError naming the objects of another set
 */
export function inSet(declared: Declared, stored: Stored, set: string | undefined): Declared {
  const refused: string[] = [];
  const members = <Desc extends DescMessage, One extends MessageShape<Desc> & Owned>(
    kind: Kind<Desc>,
    wanted: readonly One[],
    before: readonly Owned[],
  ): One[] => {
    const stored = new Map(before.map((one) => [one.id, one]));
    return wanted.map((one) => {
      const { appliedSet: owner = '', managedBy = '' } = stored.get(one.id) ?? {};
      // What a configuration file declares is in no set, wherever it is repeated.
      if (managedBy !== '') return { ...one, appliedSet: '' };
      if (set !== undefined && owner !== '' && owner !== set)
        refused.push(
          `${kind.name} "${one.id}" is of set "${owner}": to move it, give it applied_set: ${set} in the file, and apply that once without --set`,
        );
      return { ...one, appliedSet: set ?? (one.appliedSet || owner) };
    });
  };
  const moved = {
    ...declared,
    backends: members(backendKind, declared.backends, stored.backends),
    groups: members(groupKind, declared.groups, stored.groups),
    policies: members(policyKind, declared.policies, stored.policies),
  };
  if (refused.length > 0) throw new UsageError(...refused);
  return moved;
}
