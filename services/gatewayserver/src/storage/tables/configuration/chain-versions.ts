import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type RoutingChain,
  RoutingChainSchema,
  type RoutingChainVersion,
  RoutingChainVersionSchema,
} from '@trino-gateway/api/gateway';
import { withSecrets } from '@trino-gateway/api/secret-fields';
import { LessThanOrEqual } from 'typeorm';
import type { Session } from '../../connection/session.ts';
import type { ChainVersions } from '../../contract/configuration.ts';
import type { ChainRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import type { Secrets, SecretsOf } from './secrets.ts';

const KEPT_VERSIONS = 100;

/** The secrets of a chain have the same places in all its versions. */
export const chainSecrets: SecretsOf<RoutingChain> = (chain, change) =>
  withSecrets(RoutingChainSchema, chain, (secret, place) => change(secret, `routing chain ${place}`));

/** Versions inside one change, or for reading. */
export function chainVersions(session: Session, secrets: Secrets): ChainVersions {
  const rows = () => session.manager.getRepository<ChainRow>(TABLES.chains);
  const newestRow = async () => (await rows().find({ order: { version: 'DESC' }, take: 1 }))[0];
  return {
    async newest() {
      const row = await newestRow();
      return row && readChain(row, secrets);
    },
    async get(version) {
      const row = await rows().findOneBy({ version });
      return row === null ? undefined : readChain(row, secrets);
    },
    async add(chain, rolledBackTo) {
      const row: ChainRow = {
        version: ((await newestRow())?.version ?? 0) + 1,
        storedAt: Date.now(),
        managedBy: chain.managedBy,
        rolledBackTo: rolledBackTo ?? null,
        steps: chain.steps.length,
        document: chainDocument(secrets.sealed(chainSecrets, chain)),
      };
      await rows().insert(row);
      await rows().delete({ version: LessThanOrEqual(row.version - KEPT_VERSIONS) });
      return readChain(row, secrets);
    },
  };
}

/** What is kept, newest first; without reading the chains themselves. */
export async function listChainVersions({ manager }: Session): Promise<RoutingChainVersion[]> {
  const rows = await manager.getRepository<ChainRow>(TABLES.chains).find({
    select: { version: true, storedAt: true, managedBy: true, rolledBackTo: true, steps: true },
    order: { version: 'DESC' },
  });
  return rows.map(({ version, storedAt, managedBy, rolledBackTo, steps }) =>
    create(RoutingChainVersionSchema, {
      version,
      storedAt: timestampFromMs(storedAt),
      managedBy,
      steps,
      ...(rolledBackTo !== null && { rolledBackTo }),
    }),
  );
}

/** The chain as its row keeps it: what has columns of its own is not in it. */
export function chainDocument({ fallbackGroup, timeLimitMs, steps }: RoutingChain): string {
  return toDocument(RoutingChainSchema, create(RoutingChainSchema, { fallbackGroup, timeLimitMs, steps }));
}

function readChain({ document, version, storedAt, managedBy }: ChainRow, secrets: Secrets): RoutingChain {
  const chain = secrets.opened(chainSecrets, fromDocument(RoutingChainSchema, document));
  return Object.assign(chain, { version, managedBy, storedAt: timestampFromMs(storedAt) });
}
