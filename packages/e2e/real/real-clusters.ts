import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';

/** Two real clusters: one that trusts X-Forwarded-*, one that answers 406 to them. */
export type RealClusters = AsyncDisposable & { accepting: Coordinator; rejecting: Coordinator };

/** Starts both, one after the other so that two cores are enough. */
export async function startRealClusters(): Promise<RealClusters> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const accepting = await startCoordinator({ name: 'accepting', say });
  try {
    const rejecting = await startCoordinator({ name: 'rejecting', processForwarded: false, say });
    const stop = async () => {
      await Promise.all([accepting.stop(), rejecting.stop()]);
    };
    return { accepting, rejecting, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await accepting.stop();
    throw error;
  }
}

/** What a cluster itself says it ran of this text: id, user, source and state, its probes aside. */
export async function seenByTrino(
  coordinator: Pick<Coordinator, 'url'>,
  textPart: string,
): Promise<{ id: string; user: string; source: string; state: string }[]> {
  const answer = await fetch(`${coordinator.url}/v1/query`, {
    headers: { 'x-trino-user': 'e2e-looks' },
    signal: AbortSignal.timeout(10_000),
  });
  const queries = (await answer.json()) as {
    queryId: string;
    query: string;
    state: string;
    session: { user: string; source?: string };
  }[];
  return queries
    .filter(({ query }) => query.includes(textPart))
    .map(({ queryId, state, session }) => ({ id: queryId, user: session.user, source: session.source ?? '', state }));
}
