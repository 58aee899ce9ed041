import { readFile } from 'node:fs/promises';
import { type Program, type RunningProgram, startProgram } from '../processes/start-program.ts';
import { untilReady } from '../processes/until-ready.ts';

/** How a database server is run. */
export type ServerProgram = Program & {
  /** True for the log of a server that takes connections. */
  isReady(log: string): boolean;
  /** What asks it to end. */
  stopSignal: NodeJS.Signals;
};

/** A database server with its data, which may be stopped and started again. */
export type DatabaseServer = {
  /** Resolves when it takes connections. @throws Error with the end of its log when it ends instead */
  start(): Promise<void>;
  /** Asks it to end, and makes it end when it takes too long. */
  stop(): Promise<void>;
  /** Ends it as a power cut would: with the processes it has started, which otherwise answer a last call. */
  kill(): Promise<void>;
};

const START_MS = 300_000;
const STOP_MS = 20_000;

export function databaseServer({ isReady, stopSignal, ...program }: ServerProgram): DatabaseServer {
  let running: RunningProgram | undefined;
  return {
    start: async () => {
      const started = await startProgram(program);
      running = started;
      const ready = () => isReady(started.output());
      await untilReady(started, program.command, { isReady: ready, timeLimitMs: START_MS, pauseMs: 50 });
    },
    stop: async () => {
      await running?.stop(STOP_MS, stopSignal);
    },
    kill: async () => {
      const children = running?.ending() === undefined ? await childrenOf(running?.pid) : [];
      await running?.kill();
      for (const pid of children) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
    },
  };
}

/** What Linux knows of it; elsewhere nothing. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  if (pid === undefined) return [];
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').map(Number).filter(Boolean);
}
