import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { describeError } from '@trino-gateway/runtime';
import {
  type CallResult,
  type Executor,
  type ExecutorEvents,
  LOAD_LIMIT_MS,
  LOAD_WORK_MS,
  ScriptError,
  type StartExecutor,
} from '../running/executor.ts';
import { answerLines } from './answer-lines.ts';
import { findPython } from './find-python.ts';

const LOWER_PRIORITY = 19;
const MOST_IN_FLIGHT = 8;
const PROGRAM = join(import.meta.dirname, 'run_script.py');
/** No environment variables, no packages beside the standard library, no files written. */
const ARGUMENTS = ['-I', '-S', '-B', '-X', 'utf8', PROGRAM, import.meta.dirname];

/** A process with the script in Python, which can open nothing and reach nobody. */
export function pythonExecutor({ source, memoryMb }: { source: string; memoryMb: number }): StartExecutor {
  return (events): Executor => {
    const ready = Promise.withResolvers<void>();
    const state: State = { events, ready, expected: [], isOver: false, yields: false };
    const begin = {
      source,
      memory_mb: memoryMb,
      work_ms: LOAD_WORK_MS,
      limit_ms: LOAD_LIMIT_MS,
      parent: process.pid,
    };
    findPython()
      .then((python) => {
        if (state.isOver) return;
        state.child = startChild(python, state);
        write(state, begin);
      })
      .catch((error: unknown) => over(state, error instanceof ScriptError ? error : describeError(error)));
    const late = setTimeout(() => over(state, 'it takes too long to load'), LOAD_LIMIT_MS).unref();
    const settled = () => clearTimeout(late);
    ready.promise.then(settled, settled);
    return {
      ready: ready.promise,
      mostInFlight: MOST_IN_FLIGHT,
      call: (request, { workMs, limitMs }) => {
        const id = randomBytes(9).toString('base64url');
        state.expected.push(id);
        write(state, { ...JSON.parse(request), id, work_ms: workMs, limit_ms: limitMs });
      },
      yieldToOthers: () => {
        state.yields = true;
        if (state.child) lower(state.child);
      },
      end: async () => {
        state.isOver = true;
        await ended(state.child);
      },
    };
  };
}

type State = {
  events: ExecutorEvents;
  ready: PromiseWithResolvers<void>;
  child?: ChildProcess;
  /** What the answers to the calls in flight begin with. */
  expected: string[];
  isOver: boolean;
  yields: boolean;
};

function startChild(python: string, state: State): ChildProcess {
  const child = spawn(python, ARGUMENTS, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] });
  child.unref();
  child.on('error', (error) => over(state, `python3 did not start: ${error.message}`));
  child.on('exit', () => over(state, 'the interpreter ended'));
  child.stdin?.on('error', () => over(state, 'the interpreter ended'));
  child.stdout?.on(
    'data',
    answerLines(
      (line) => heard(state, line),
      () => over(state, 'it wrote too much'),
    ),
  );
  if (state.yields) lower(child);
  return child;
}

function heard(state: State, message: unknown): void {
  if (state.isOver) return;
  const [first, kind, text] = Array.isArray(message) ? message : [];
  if (first === 'ready') state.ready.resolve();
  else if (first === 'broken') over(state, new ScriptError(String(kind)));
  else {
    const result = first !== undefined && first === state.expected.shift() ? resultOf(kind, String(text)) : undefined;
    if (result === undefined) over(state, 'it wrote what is no answer');
    else state.events.answered(result);
  }
}

function resultOf(kind: unknown, text: string): CallResult | undefined {
  switch (kind) {
    case 'returned':
      return { kind, text };
    case 'threw':
    case 'broke':
      return { kind, message: text };
    case 'late':
      return { kind };
    default:
      return undefined;
  }
}

function write({ child }: State, message: object): void {
  child?.stdin?.write(`${JSON.stringify(message)}\n`);
}

function over(state: State, why: Error | string): void {
  state.ready.reject(why instanceof Error ? why : new Error(why));
  if (state.isOver) return;
  state.isOver = true;
  state.events.ended(String(why));
  void ended(state.child);
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.ref();
  child.kill('SIGKILL');
  await promise;
}

function lower({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, LOWER_PRIORITY);
  } catch {
    // It has just ended.
  }
}
