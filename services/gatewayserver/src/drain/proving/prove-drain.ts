import type { BackendStatus } from '@trino-gateway/api/gateway';
import type { Ledger } from '../../admission/ledger/ledger.ts';
import { proven, seal } from '../../admission/rules/seal.ts';
import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import { takesNoQueries } from '../../configuration/monitor-backend.ts';
import { DrainEndedError, type StoredDrain, type StoredSeal } from '../../storage/contract/drains.ts';
import type { Evidence } from '../evidence.ts';
import { assessDrain } from '../remaining.ts';
import type { Remaining } from '../tie.ts';
import { type GatherOptions, gatherEvidence } from './gather-evidence.ts';

/** What ties a backend now. */
export type DrainStatus = {
  /** It takes no new queries. */
  draining: boolean;
  /** Proven: nothing remains, and its incarnation is sealed. */
  drained: boolean;
  sealed: boolean;
  remaining: readonly Remaining[];
  /** Of the incarnation this is about; empty while it is not known. */
  suffix: string;
};

export type ProveOptions = GatherOptions & {
  ledger: Pick<Ledger, 'refresh' | 'state' | 'run'>;
  configuration: Pick<ConfigurationCache, 'known' | 'refresh'>;
  /** Since when this process serves. */
  servedSince: number;
};

/** What this process has found out of one drain. */
export type Proof = {
  suffix: string;
  /** The drain it is about; it is begun anew with another one. */
  drain: number;
  quietSince?: number | undefined;
  /** What routers must know to know of its seal; absent before that. */
  sealRevision?: number;
  /** When the drain was last noted as asked for. */
  notedAt: number;
};

/** How often a drain that is asked for all the time is noted as that. */
const NOTE_EVERY_MS = 60_000;

/** What is found out about one backend, from one look to the next. */
export type Prover = {
  /** @param mayProve whether it is sealed when nothing is left. Undefined when there is no such backend. */
  look(mayProve: boolean): Promise<DrainStatus | undefined>;
};

/** Finds out about one backend. */
export function createProver(options: ProveOptions, backendId: string): Prover {
  const { configuration, store, now } = options;
  const { known } = configuration;
  let proof: Proof | undefined;

  /** The drain of this incarnation, begun if there is none; undefined when the backend takes queries again. */
  const drainOf = async (of: { backendId: string; suffix: string; url: string }): Promise<StoredDrain | undefined> => {
    const there = known.drains.find(
      ({ backendId, suffix, url }) => backendId === of.backendId && suffix === of.suffix && url === of.url,
    );
    if (there && proof?.drain === there.revision && now() - proof.notedAt < NOTE_EVERY_MS) return there;
    const drain = await store.drains.begin(of);
    if (drain?.revision !== there?.revision) await refreshAnew(configuration);
    if (drain === undefined) return undefined;
    const isSame = proof?.drain === drain.revision && proof.suffix === of.suffix;
    proof = { ...(isSame && proof), suffix: of.suffix, drain: drain.revision, notedAt: now() };
    return drain;
  };

  return {
    async look(mayProve) {
      const stored = known.backends.get(backendId);
      if (stored === undefined) return undefined;
      const status = known.statuses.get(backendId);
      const suffix = status?.coordinatorId ?? '';
      const sealed = known.seals.get(suffix);
      const draining = takesNoQueries(known, backendId);
      const answer = { draining, sealed: sealed !== undefined, drained: false, suffix };
      if (sealed?.provenAt !== undefined) return { ...answer, drained: true, remaining: [] };
      if (!draining && sealed === undefined) return { ...answer, remaining: unknown(TAKES_QUERIES) };
      if (suffix === '') return { ...answer, remaining: unknown(neverProbed(status)) };
      const drain = await drainOf({ backendId, suffix, url: stored.backend.url });
      if (drain === undefined || proof === undefined) return { ...answer, remaining: unknown(TAKES_QUERIES) };
      if (sealed && proof.sealRevision === undefined) {
        // Read after the seal: whoever knows of this, knows of that.
        await refreshAnew(configuration);
        proof.sealRevision = known.drainsRevision;
      }
      const { servedSince } = options;
      const revision = Math.max(drain.revision, proof.sealRevision ?? 0);
      const evidence = await gatherEvidence(options, { drain, revision, servedSince, status });
      const { remaining, quietSince } = assessDrain(evidence, proof.quietSince);
      proof.quietSince = quietSince;
      if (remaining.length > 0 || !mayProve) return { ...answer, remaining };
      if (sealed === undefined) return { ...answer, remaining: unknown(await sealDrain(options, drain, evidence)) };
      return await conclude(options, { drain, sealed, answer });
    },
  };
}

const TAKES_QUERIES = 'it takes new queries: only of a backend that does not can be said what is left';

function neverProbed(status: BackendStatus | undefined): string {
  return `which incarnation it is is not known: ${status ? status.reason || 'the monitor has not seen it' : 'the monitor has not probed it yet'}`;
}

function unknown(text: string): Remaining[] {
  return [{ kind: 'UNKNOWN', count: 1, text }];
}

/** Nothing is left: from now on, nothing new is sent there. @returns why it is not drained yet */
async function sealDrain(
  { ledger, configuration }: ProveOptions,
  { backendId, suffix, url, revision }: StoredDrain,
  { leases }: Evidence,
): Promise<string> {
  const over = new Set(leases.map(({ queryId }) => queryId));
  try {
    const isSealed = await ledger.run((admission) =>
      seal(admission, { backendId, suffix, url, drain: revision }, (queryId) => over.has(queryId)),
    );
    await refreshAnew(configuration);
    return isSealed
      ? 'it is sealed, and the routers have yet to take note of that'
      : 'a slot of it has just been taken';
  } catch (error) {
    if (!(error instanceof DrainEndedError)) throw error;
    await refreshAnew(configuration);
    return TAKES_QUERIES;
  }
}

/** It is sealed, everybody knows, and nothing is left. */
async function conclude(
  { ledger, store, configuration }: ProveOptions,
  { drain, sealed, answer }: { drain: StoredDrain; sealed: StoredSeal; answer: Omit<DrainStatus, 'remaining'> },
): Promise<DrainStatus> {
  await ledger.run((admission) => proven(admission, sealed.suffix));
  await store.drains.end(drain);
  await refreshAnew(configuration);
  return { ...answer, drained: true, remaining: [] };
}

/** Reads what was stored until now: a read that is under way may have begun before. */
export async function refreshAnew(configuration: Pick<ConfigurationCache, 'refresh'>): Promise<void> {
  await configuration.refresh();
  await configuration.refresh();
}
