import { clusterAccess } from '@trino-gateway/api/cluster-access';
import type { Backend } from '@trino-gateway/api/gateway';
import { runStatement } from '@trino-gateway/trino/client';
import type { ClusterConnections, ClusterLimits } from '../../clusters/cluster-connections.ts';
import { describeFailure, describeQueryError, withoutQuoted } from '../../clusters/describe-failure.ts';

/**
 * Runs the warm-up statements one after the other, as the user of the probe. Their rows are read and dropped. All of them together may
 * take so long as the limits say.
 * @throws Error naming the first that fails by its position, without what it quotes
 */
export async function warmUp(
  backend: Backend,
  statements: readonly string[],
  connections: Pick<ClusterConnections, 'of' | 'withToken'>,
  { timeLimitMs, signal }: Omit<ClusterLimits, 'dispatcher'>,
): Promise<void> {
  const deadline = AbortSignal.timeout(timeLimitMs);
  const dispatcher = await connections.of(backend);
  const access = clusterAccess(await connections.withToken(backend));
  const limits = { timeLimitMs, maxRows: 0, signal: AbortSignal.any([signal, deadline]), dispatcher };
  for (const [at, statement] of statements.entries()) {
    const problem = await runStatement({ ...access, ...limits, statement }).then(
      ({ error }) => error && describeQueryError(error),
      (error: unknown) => (deadline.aborted ? 'the time of the start is over' : describeFailure(error, timeLimitMs)),
    );
    signal.throwIfAborted();
    if (problem) throw new Error(`warm-up statement ${at + 1} of ${statements.length}: ${withoutQuoted(problem)}`);
  }
}
