/** Backends that have just failed for this router: the gatewayserver is asked to prefer others until the monitor knows. */
export type Suspects = {
  /** It refused, reset or was silent too long. */
  failed(backendId: string, nowMs: number): void;
  /** It answered: no longer suspect. */
  succeeded(backendId: string): void;
  /** The ids that are suspect now. */
  avoided(nowMs: number): string[];
};

const SUSPECT_FOR_MS = 5_000;

/** Nobody suspect. Each failure counts for `forMs`, 5 s by default. */
export function createSuspects(forMs = SUSPECT_FOR_MS): Suspects {
  const until = new Map<string, number>();
  return {
    failed: (backendId, nowMs) => void until.set(backendId, nowMs + forMs),
    succeeded: (backendId) => void until.delete(backendId),
    avoided: (nowMs) => {
      for (const [backendId, end] of until) if (end <= nowMs) until.delete(backendId);
      return [...until.keys()];
    },
  };
}
