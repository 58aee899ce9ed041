import type { DiscoverySource } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';

/** Logs what is wrong with an object when it becomes so, and when it is right again. */
export function createProblemLog(logger: Pick<Logger, 'warn' | 'info'>): {
  tell(sources: readonly DiscoverySource[]): void;
} {
  let told = new Map<string, string>();
  return {
    tell: (sources) => {
      const now = new Map<string, string>();
      for (const { objects } of sources.filter(({ listed }) => listed)) {
        for (const { object, problem } of objects) {
          if (problem !== '') now.set(object, problem);
          if (problem !== '' && told.get(object) !== problem)
            logger.warn('an object of Kubernetes is no backend as it is: what was there before stays', {
              object,
              problem,
            });
          if (problem === '' && told.has(object)) logger.info('an object of Kubernetes is a backend again', { object });
        }
      }
      const unseen = sources.filter((source) => !source.listed).map(({ name }) => name);
      // What cannot be looked at is not told again when it can be.
      if (unseen.length > 0) for (const [object, problem] of told) if (!now.has(object)) now.set(object, problem);
      told = now;
    },
  };
}
