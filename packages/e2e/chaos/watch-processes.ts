import { createLoggedErrors } from './processes/logged-errors.ts';
import { notePeaks, type Peaks } from './processes/memory.ts';
import type { StageProcess } from './stage.ts';

/** What is seen of the processes while they are disturbed. */
export type Watch = Disposable & {
  /** The most memory each kind had in the first half: those killed a moment ago have less than they need. */
  firstPeaks(): Peaks;
  loggedErrors(): readonly string[];
};

const MEMORY_MS = 2_000;
const LOG_MS = 300;

/** Watches them until it is disposed of. */
export function watchProcesses(processes: readonly StageProcess[], firstHalfMs: number): Watch {
  const peaks: Peaks = new Map();
  const errors = createLoggedErrors(processes);
  const memory = setInterval(() => notePeaks(peaks, processes), MEMORY_MS);
  const log = setInterval(errors.read, LOG_MS);
  const halfTime = setTimeout(() => clearInterval(memory), firstHalfMs);
  return {
    firstPeaks: () => peaks,
    loggedErrors: errors.lines,
    [Symbol.dispose]: () => {
      clearInterval(memory);
      clearInterval(log);
      clearTimeout(halfTime);
    },
  };
}
