import type { RouterConfig } from '@trino-gateway/config';
import { type Logger, type Readiness, type RunningProcess, type ServedMetrics, serveOps } from '@trino-gateway/runtime';

/** A router at work. Disposal takes at most 9 s: it ends what is under way and reports what is left. */
export type RunningRouter = RunningProcess & {
  /** Where clients connect, in the order of `router.listen`, then of `router.tls_listen`. */
  readonly urls: readonly string[];
  readonly opsUrl: string;
  /** Takes limits that have changed in its configuration; its other keys are read whenever they matter. */
  reconfigured(): void;
};

/** Why it cannot serve; and what does not work where it can. */
export type Standing = Record<'notReady' | 'trouble', () => string | undefined>;

/** @throws Error naming `router.ops_listen` when the port cannot be had */
export async function serveRouterOps(
  config: RouterConfig,
  { notReady, trouble }: Standing,
  metrics: ServedMetrics,
  logger: Logger,
): ReturnType<typeof serveOps> {
  const readiness: Readiness = () => {
    const reason = notReady();
    const problem = reason === undefined ? trouble() : reason;
    return { ready: reason === undefined, ...(problem !== undefined && { reason: problem }) };
  };
  try {
    return await serveOps(config.ops_listen, readiness, metrics, logger, config.gatewayserver_token);
  } catch (error) {
    throw new Error(`router.ops_listen: ${(error as Error).message}`, { cause: (error as Error).cause });
  }
}
