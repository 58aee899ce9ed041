import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { Configuration, ConfigurationStore } from '../../contract/configuration.ts';
import type { BackendRow, ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { bumpRevision, readRevisions } from '../revisions.ts';
import { backendTable, readBackend } from './backends.ts';
import { chainVersions, listChainVersions } from './chain-versions.ts';
import { discoveryTable, listMembers } from './discovery.ts';
import { groupTable, readGroup } from './groups.ts';
import { policyTable, readPolicy } from './policies.ts';
import { protectSecrets } from './protect-secrets.ts';
import type { Secrets } from './secrets.ts';

/** Backends, groups, policies and the routing chain. */
export function configurationStore(database: Database, secrets: Secrets): ConfigurationStore {
  return {
    read: () =>
      database.snapshot(async (session) => {
        const { configuration } = await readRevisions(session);
        return { revision: configuration, ...(await readConfiguration(session, secrets)) };
      }),
    change: (work) =>
      database.transaction(async (session) => {
        await bumpRevision(session, 'configuration');
        return work({
          backends: backendTable(session, secrets),
          groups: groupTable(session),
          discovery: discoveryTable(session),
          policies: policyTable(session),
          routingChain: chainVersions(session, secrets),
        });
      }),
    chainVersion: (version) => database.read((session) => chainVersions(session, secrets).get(version)),
    chainVersions: () => database.read(listChainVersions),
    protectSecrets: () => protectSecrets(database, secrets),
  };
}

async function readConfiguration(session: Session, secrets: Secrets): Promise<Configuration> {
  const { manager } = session;
  const order = { id: 'ASC' } as const;
  const backends = await manager.getRepository<BackendRow>(TABLES.backends).find({ order });
  const groups = await manager.getRepository<ObjectRow>(TABLES.groups).find({ order });
  const policies = await manager.getRepository<ObjectRow>(TABLES.policies).find({ order });
  const routingChain = await chainVersions(session, secrets).newest();
  const members = await listMembers(session);
  return {
    backends: backends.map((row) => readBackend(row, secrets)),
    groups: groups.map((row) => readGroup(row, members.get(row.id) ?? [])),
    policies: policies.map(readPolicy),
    ...(routingChain && { routingChain }),
    discovered: await discoveryTable(session).sources(),
  };
}
