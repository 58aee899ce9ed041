import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { isBelow } from '@trino-gateway/runtime';
import { type ProgramEnd, runProgram } from './run-program.ts';
import type { CreateScaler, ScalerTarget } from './scaler.ts';

type Action = 'start' | 'stop' | 'state';
type Target = ScalerTarget<'command'>;

const DEFAULT_TIME_LIMIT_MS = 30_000;
const MOST_SHOWN = 200;
/** All that a program is given beside what it is asked: the environment of the monitor may hold secrets. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
const STATES: Readonly<Record<string, State>> = {
  RUNNING: State.RUNNING,
  STOPPED: State.STOPPED,
  STARTING: State.STARTING,
  STOPPING: State.STOPPING,
};

/** Programs of the operator's own. One at a time runs for each backend. */
export const createCommandScaler: CreateScaler<'command'> = ({ command_folder }) => {
  const running = new Map<string, Promise<unknown>>();

  const runNow = async (action: Action, target: Target, signal: AbortSignal): Promise<ProgramEnd> => {
    const [path, ...args] = await programOf(action, target, command_folder);
    const env = { ...ENVIRONMENT, HOME: homedir(), BACKEND_ID: target.backendId, SCALER_ACTION: action };
    const end = await runProgram(path, args, env, signal).catch((error: NodeJS.ErrnoException) => {
      signal.throwIfAborted();
      throw new Error(`${action}: ${path} cannot be run (${error.code ?? 'unknown'})`);
    });
    if (end.code !== 0) throw new Error(`${action}: it ended with ${end.signal ?? `code ${end.code}`}${saying(end)}`);
    return end;
  };
  const run = (action: Action, target: Target, signal: AbortSignal): Promise<ProgramEnd> => {
    const { backendId } = target;
    const turn = (running.get(backendId) ?? Promise.resolve()).catch(() => {});
    const end = turn.then(() => {
      signal.throwIfAborted();
      return runNow(action, target, signal);
    });
    running.set(backendId, end);
    const forget = () => {
      if (running.get(backendId) === end) running.delete(backendId);
    };
    end.then(forget, forget);
    return end;
  };
  return {
    timeLimitMs: ({ settings }) => settings.timeLimitMs || DEFAULT_TIME_LIMIT_MS,
    state: async (target, signal) => {
      const last = lastLine((await run('state', target, signal)).output);
      const state = STATES[last];
      if (state === undefined)
        throw new Error(`state: its last line is "${shown(last)}": expected RUNNING, STOPPED, STARTING or STOPPING`);
      return state;
    },
    start: async (target, signal) => void (await run('start', target, signal)),
    stop: async (target, signal) => void (await run('stop', target, signal)),
    check: async (target) => {
      for (const action of ['start', 'stop', 'state'] as const) await programOf(action, target, command_folder);
    },
  };
};

/**
 * The program and its arguments. Whoever may write backends through the API names programs: so none outside of the folder is run, by
 * a link inside of it neither, and of other paths it is not even said whether they exist.
 */
async function programOf(
  action: Action,
  { settings, isDeclared }: Target,
  folder: string | undefined,
): Promise<[path: string, ...args: string[]]> {
  const [path, ...args] = settings[action];
  if (!path?.startsWith('/')) throw new Error(`${action}: expected the absolute path of a program`);
  if (isDeclared) return [path, ...args];
  if (folder === undefined)
    throw new Error(
      `${action}: ${path} is not run: set monitor.command_folder to the folder of the programs, or declare the backend in the configuration file`,
    );
  if (!isBelow(resolve(folder), resolve(path)))
    throw new Error(`${action}: ${path} is not below monitor.command_folder`);
  const root = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${action}: ${path} is not run: monitor.command_folder cannot be read (${error.code})`);
  });
  const real = await realpath(resolve(path)).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${action}: ${path} cannot be run (${error.code})`);
  });
  if (!isBelow(root, real)) throw new Error(`${action}: ${path} is a link that leads out of monitor.command_folder`);
  return [real, ...args];
}

function saying({ output, errors }: ProgramEnd): string {
  const line = lastLine(errors) || lastLine(output);
  return line === '' ? '' : `: ${shown(line)}`;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

function shown(line: string): string {
  const printable = line.replace(/[^\P{C}\t]/gu, '?');
  return printable.length > MOST_SHOWN ? `${printable.slice(0, MOST_SHOWN)}…` : printable;
}
