import { fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { ToPrimary, ToWorker } from './messages.ts';

/** A worker process, as the first process sees it. */
export type WorkerProcess = {
  readonly pid: number | undefined;
  /** Nothing happens when it has ended. A socket stays open here as well. */
  send(message: ToWorker, socket?: Socket): void;
  kill(): void;
};

/** How a process ended: one of both is null. */
export type Ending = { code: number | null; signal: NodeJS.Signals | null };

export type WorkerEvents = {
  onMessage: (message: ToPrimary) => void;
  /** Called once. */
  onEnded: (ending: Ending) => void;
};

/** Starts a worker from this file. It ends when this process does, however that ends: the channel between them is then closed. */
export function forkWorker(file: string, { onMessage, onEnded }: WorkerEvents): WorkerProcess {
  // What it prints it prints itself; and a signal that a terminal sends to all processes it leaves to this one.
  const child = fork(file, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let isOver = false;
  const ended = (ending: Ending) => {
    if (!isOver) onEnded(ending);
    isOver = true;
  };
  child.on('message', (message) => onMessage(message as ToPrimary));
  child.on('exit', (code, signal) => ended({ code, signal }));
  child.on('error', () => {
    if (child.pid === undefined) ended({ code: null, signal: null }); // it could not be started
  });
  return {
    pid: child.pid,
    send: (message, socket) => {
      if (child.connected) child.send(message, socket, { keepOpen: true }, () => {});
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
