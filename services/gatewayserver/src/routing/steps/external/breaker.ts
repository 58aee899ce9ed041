/** Keeps a service that fails from being asked for a while: after that, one question tries whether it answers again. */
export type Breaker = {
  /** Whether the service may be asked now; who asked says how it went. */
  admits(): boolean;
  succeeded(): void;
  failed(): void;
};

const FAILURES_IN_A_ROW = 5;
const OPEN_MS = 10_000;

/** Closed. @param onChange called when it opens or closes; @param now a steady clock in milliseconds */
export function createBreaker(onChange: (isOpen: boolean) => void, now: () => number): Breaker {
  let failures = 0;
  let opensUntil: number | undefined;
  return {
    admits: () => {
      if (opensUntil === undefined) return true;
      if (now() < opensUntil) return false;
      // Others wait for how this one goes.
      opensUntil = now() + OPEN_MS;
      return true;
    },
    succeeded: () => {
      failures = 0;
      if (opensUntil !== undefined) onChange(false);
      opensUntil = undefined;
    },
    failed: () => {
      failures += 1;
      if (failures < FAILURES_IN_A_ROW) return;
      if (opensUntil === undefined) onChange(true);
      opensUntil = now() + OPEN_MS;
    },
  };
}
