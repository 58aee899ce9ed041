import { once } from 'node:events';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { type Health, HealthCheckResponse_ServingStatus as Status } from '@trino-gateway/api/health';

/** grpc.health.v1 for the whole process (the empty name) and for each service. */
export function healthService(
  services: readonly string[],
  { stopping }: { stopping: AbortSignal },
): ServiceImpl<typeof Health> {
  const known = new Set(['', ...services]);
  const current = () => ({ status: stopping.aborted ? Status.NOT_SERVING : Status.SERVING });
  return {
    async check({ service }) {
      if (!known.has(service)) throw new ConnectError(`there is no service "${service}"`, Code.NotFound);
      return current();
    },

    async list() {
      return { statuses: Object.fromEntries([...known].map((service) => [service, current()])) };
    },

    async *watch({ service }, { signal }) {
      yield known.has(service) ? current() : { status: Status.SERVICE_UNKNOWN };
      const over = AbortSignal.any([signal, stopping]);
      if (!over.aborted) await once(over, 'abort');
      if (known.has(service) && !signal.aborted) yield current();
    },
  };
}
