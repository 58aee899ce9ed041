import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type CallResult, ScriptError } from '../running/executor.ts';
import { createSandbox } from './sandbox.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

// The worker that runs one JavaScript of a routing chain. Whatever goes wrong with the interpreter ends it: another takes its place.

const LOWER_PRIORITY = 19;

const { source, memoryMb } = workerData as WorkerStart;
const tell = (message: FromWorker) => parentPort?.postMessage(message);

try {
  const sandbox = await createSandbox(source, memoryMb);
  parentPort?.on('message', (message: ToWorker) => {
    if (message === 'yield') yieldToOthers();
    else tell({ answer: answer(() => sandbox.call(message.request, message.budget)) });
  });
  tell('ready');
} catch (error) {
  tell({ broken: error instanceof ScriptError ? error.message : `the interpreter did not start: ${String(error)}` });
}

function answer(call: () => CallResult): CallResult {
  try {
    return call();
  } catch {
    // The interpreter is in no known state, and so is what it says of the reason: mostly that the stack was too small for it.
    return { kind: 'broke', message: 'the interpreter failed: recursion too deep, or memory used up' };
  }
}

/** On Linux the priority of "this process" is that of the thread which asks. */
function yieldToOthers(): void {
  if (process.platform === 'linux') setPriority(0, LOWER_PRIORITY);
}
