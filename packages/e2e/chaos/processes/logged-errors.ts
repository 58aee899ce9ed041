import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';

/** What processes logged as errors: in chaos, too, each of them is a flaw. */
export type LoggedErrors = {
  /** Reads what was printed since. */
  read(): void;
  /** Distinct lines, the first one first. */
  lines(): readonly string[];
};

/** Keeps up to a thousand; a process that starts anew forgets what it printed before. */
export function createLoggedErrors(processes: readonly { name: string; process: ServiceProcess }[]): LoggedErrors {
  const lines = new Set<string>();
  return {
    read: () => {
      for (const { name, process } of processes)
        for (const line of process.output().split('\n'))
          if (line.includes('"level":"error"') && lines.size < MOST_KEPT) lines.add(`${name}: ${line}`);
    },
    lines: () => [...lines],
  };
}

const MOST_KEPT = 1_000;
