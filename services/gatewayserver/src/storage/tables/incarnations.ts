import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { Backend_TlsSchema, type Incarnation, IncarnationSchema } from '@trino-gateway/api/gateway';
import { In, LessThan } from 'typeorm';
import type { Database } from '../connection/database.ts';
import type { Session } from '../connection/session.ts';
import type { IncarnationStore } from '../contract/incarnations.ts';
import type { IncarnationRow } from '../schema/coordinators.ts';
import { TABLES } from '../schema/table-names.ts';
import { fromDocument, toDocument } from './documents.ts';
import { forwardedHeadersName, forwardedHeadersOf } from './forwarded-headers.ts';
import { bumpRevision, lockRevision, readRevisions } from './revisions.ts';

const SUFFIXES_PER_STATEMENT = 500;

/** Incarnations of coordinators. */
export function incarnationStore(database: Database): IncarnationStore {
  return {
    read: () =>
      database.snapshot(async (session) => {
        const { incarnations } = await readRevisions(session);
        return { revision: incarnations, incarnations: await readIncarnations(session) };
      }),
    record: (incarnation) => recordIncarnation(database, incarnation),
    touch: (suffixes, at) => touchIncarnations(database, suffixes, at),
    prune: (before) => pruneIncarnations(database, before),
  };
}

async function readIncarnations({ manager }: Session): Promise<Incarnation[]> {
  const rows = await manager
    .getRepository<IncarnationRow>(TABLES.incarnations)
    .find({ order: { suffix: 'ASC', url: 'ASC' } });
  return rows.map((row) =>
    create(IncarnationSchema, {
      suffix: row.suffix,
      url: row.url,
      backendId: row.backendId,
      forwardedHeaders: forwardedHeadersOf(row.forwardedHeaders),
      firstSeenAt: timestampFromMs(row.firstSeenAt),
      lastSeenAt: timestampFromMs(row.lastSeenAt),
      ...(row.tls !== null && { tls: fromDocument(Backend_TlsSchema, row.tls) }),
    }),
  );
}

/** A new last_seen_at alone does not change the revision. */
function recordIncarnation(database: Database, incarnation: Incarnation): Promise<void> {
  const now = Date.now();
  const row: IncarnationRow = {
    suffix: incarnation.suffix,
    url: incarnation.url,
    backendId: incarnation.backendId,
    forwardedHeaders: forwardedHeadersName(incarnation.forwardedHeaders),
    firstSeenAt: incarnation.firstSeenAt === undefined ? now : timestampMs(incarnation.firstSeenAt),
    lastSeenAt: incarnation.lastSeenAt === undefined ? now : timestampMs(incarnation.lastSeenAt),
    tls: incarnation.tls ? toDocument(Backend_TlsSchema, incarnation.tls) : null,
  };
  const key = { suffix: row.suffix, url: row.url };
  return database.transaction(async (session) => {
    await lockRevision(session, 'incarnations');
    const rows = session.manager.getRepository<IncarnationRow>(TABLES.incarnations);
    const old = await rows.findOneBy(key);
    if (old === null) await rows.insert(row);
    else {
      const { backendId, forwardedHeaders, tls } = row;
      const firstSeenAt = Math.min(old.firstSeenAt, row.firstSeenAt);
      const lastSeenAt = Math.max(old.lastSeenAt, row.lastSeenAt);
      await rows.update(key, { backendId, forwardedHeaders, firstSeenAt, lastSeenAt, tls });
    }
    const same = (['backendId', 'forwardedHeaders', 'tls'] as const).every((name) => old?.[name] === row[name]);
    if (!same) await bumpRevision(session, 'incarnations');
  });
}

async function touchIncarnations(database: Database, suffixes: readonly string[], at: Date): Promise<void> {
  const unique = [...new Set(suffixes)].sort();
  if (unique.length === 0) return;
  await database.transaction(async (session) => {
    await lockRevision(session, 'incarnations');
    const rows = session.manager.getRepository<IncarnationRow>(TABLES.incarnations);
    for (let from = 0; from < unique.length; from += SUFFIXES_PER_STATEMENT) {
      const suffix = In(unique.slice(from, from + SUFFIXES_PER_STATEMENT));
      await rows.update({ suffix, lastSeenAt: LessThan(at.getTime()) }, { lastSeenAt: at.getTime() });
    }
  });
}

function pruneIncarnations(database: Database, before: Date): Promise<void> {
  return database.transaction(async (session) => {
    await lockRevision(session, 'incarnations');
    const { affected } = await session.manager
      .getRepository<IncarnationRow>(TABLES.incarnations)
      .delete({ lastSeenAt: LessThan(before.getTime()) });
    if (affected) await bumpRevision(session, 'incarnations');
  });
}
