import { Worker } from 'node:worker_threads';
import { type Executor, LOAD_LIMIT_MS, ScriptError, type StartExecutor } from '../running/executor.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

/** What the worker has beside the script's memory: the interpreter's code, requests and answers. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 };
const MOST_IN_FLIGHT = 16;

/** A worker thread with the script in QuickJS, which knows of no file, no network and no process. */
export function javascriptExecutor(start: WorkerStart): StartExecutor {
  return (events): Executor => {
    const worker = new Worker(new URL('./worker-main.ts', import.meta.url), {
      workerData: start,
      env: {},
      execArgv: [],
      resourceLimits: RESOURCE_LIMITS,
      stdout: true,
      stderr: true,
    });
    worker.unref();
    const ready = Promise.withResolvers<void>();
    const late = setTimeout(() => ready.reject(new ScriptError('it takes too long to load')), LOAD_LIMIT_MS).unref();
    const settled = () => clearTimeout(late);
    ready.promise.then(settled, settled);
    let ended = false;
    const hasEnded = (why: string) => {
      ready.reject(new Error(why));
      if (!ended) events.ended(why);
      ended = true;
    };
    worker.on('message', (message: FromWorker) => {
      if (message === 'ready') ready.resolve();
      else if ('broken' in message) ready.reject(new ScriptError(message.broken));
      else if (!ended) events.answered(message.answer);
    });
    worker.on('error', () => hasEnded('the interpreter ended'));
    worker.on('exit', () => hasEnded('the interpreter ended'));
    const post = (message: ToWorker) => worker.postMessage(message);
    return {
      ready: ready.promise,
      mostInFlight: MOST_IN_FLIGHT,
      call: (request, budget) => post({ request, budget }),
      yieldToOthers: () => post('yield'),
      end: async () => {
        ended = true;
        worker.ref();
        await worker.terminate();
      },
    };
  };
}
