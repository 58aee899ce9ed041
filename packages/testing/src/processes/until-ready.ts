import type { RunningProgram } from './start-program.ts';
import { until } from './until.ts';

/** When a program counts as ready, and how long that may take. */
export type Readiness = {
  isReady: () => Promise<boolean> | boolean;
  timeLimitMs: number;
  /** Between two questions. */
  pauseMs?: number;
  /** Gives up before the time is over. */
  signal?: AbortSignal | undefined;
};

/** Answers when the program is ready. @throws Error with the end of its output when it ended or took too long; it is killed then */
export async function untilReady(program: RunningProgram, name: string, readiness: Readiness): Promise<void> {
  const { isReady, timeLimitMs, pauseMs, signal } = readiness;
  const isOver = () => program.ending() !== undefined || signal?.aborted === true;
  try {
    await until(`${name} to be ready`, async () => isOver() || (await isReady()), timeLimitMs, pauseMs);
    // Somebody else may answer at an address that it could not have.
    const ending = program.ending();
    if (ending) throw new Error(`${name} ended with ${ending.signal ?? ending.code}`);
    signal?.throwIfAborted();
  } catch (error) {
    await program.kill();
    throw new Error(`${(error as Error).message}\n${program.output().slice(-4_000)}`, { cause: error });
  }
}
