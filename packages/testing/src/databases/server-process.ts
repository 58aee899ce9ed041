import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a server program is run. */
export type ServerCommand = {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** The user to run as, when it refuses to be root. */
  uid?: number;
  gid?: number;
  /** Where its output goes. */
  log: string;
  /** True for the log of a server that takes connections. */
  isReady(log: string): boolean;
  /** What asks it to end. */
  stopSignal: NodeJS.Signals;
};

const START_MS = 300_000;
const STOP_MS = 20_000;

/** A server as a child process, which does not outlive this one. */
export class ServerProcess {
  readonly #run: ServerCommand;
  #child: ChildProcess | undefined;
  readonly #onExit = () => this.#child?.kill('SIGKILL');

  constructor(run: ServerCommand) {
    this.#run = run;
  }

  /** Resolves when it takes connections. @throws Error with the end of its log when it ends instead. */
  async start(): Promise<void> {
    const { command, args, env, uid, gid, log } = this.#run;
    const output = await open(log, 'w');
    const child = spawn(command, args, {
      stdio: ['ignore', output.fd, output.fd],
      env: env ?? process.env,
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
    await output.close();
    this.#child = child;
    process.once('exit', this.#onExit);
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
      const text = await readFile(log, 'utf8');
      if (this.#run.isReady(text)) return;
      if (failure === undefined && isRunning(child) && Date.now() < deadline) continue;
      await this.kill();
      throw new Error(`${command} did not start:\n${text.trim().split('\n').slice(-8).join('\n')}`, { cause: failure });
    }
  }

  /** Asks it to end, and makes it end when it takes too long. */
  async stop(): Promise<void> {
    await this.#end(this.#run.stopSignal);
  }

  /** Ends it as a power cut would: with the processes it has started, which otherwise answer a last call. */
  async kill(): Promise<void> {
    const children = await childrenOf(this.#child?.pid);
    await this.#end('SIGKILL');
    for (const pid of children) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off('exit', this.#onExit);
    if (child === undefined || !isRunning(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** What Linux knows of it; elsewhere nothing. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  if (pid === undefined) return [];
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').map(Number).filter(Boolean);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
