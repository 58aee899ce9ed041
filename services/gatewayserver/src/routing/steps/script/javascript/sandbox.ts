import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  RELEASE_SYNC,
} from 'quickjs-emscripten';
import { type CallBudget, type CallResult, LOAD_LIMIT_MS, LOAD_WORK_MS, ScriptError } from '../running/executor.ts';
import { describeScriptError } from './describe-script-error.ts';
import { createMemorySnapshot, unusedStack } from './memory-snapshot.ts';
import { EPILOGUE, PRELUDE } from './prelude.ts';

const PAGES_PER_MB = 16;
/** What the interpreter begins with, of which a fraction is in use. */
const INITIAL_PAGES = 256;
/** Of the interpreter's own; functions written in C need several times as much of the worker's. */
const STACK_BYTES = 131_072;
const MOST_MESSAGE_LENGTH = 500;

/** A script in an interpreter of its own, whose memory is what it was after loading whenever a call begins. */
export type Sandbox = {
  /** @throws when the interpreter itself has failed: the sandbox cannot be used any more */
  call(request: string, budget: CallBudget): CallResult;
};

/** @throws ScriptError with what is wrong with the script */
export async function createSandbox(source: string, memoryMb: number): Promise<Sandbox> {
  const wasmMemory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: memoryMb * PAGES_PER_MB });
  const module = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory }));
  const runtime = module.newRuntime();
  runtime.setMaxStackSize(STACK_BYTES);
  const clock = createClock();
  runtime.setInterruptHandler(clock.isOver);
  const context = runtime.newContext();
  const stack = unusedStack(wasmMemory);
  clock.start({ workMs: LOAD_WORK_MS, limitMs: LOAD_LIMIT_MS });
  const { callRoute, route } = load(context, source);
  const loaded = createMemorySnapshot(wasmMemory, stack);
  return {
    call(request, budget) {
      clock.start(budget);
      const result = callOnce(context, { callRoute, route }, request, clock.wasOver);
      loaded.restore();
      return result;
    },
  };
}

function createClock() {
  let workedUntil = Number.POSITIVE_INFINITY;
  let until = Number.POSITIVE_INFINITY;
  let over = false;
  const workedMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  return {
    start: ({ workMs, limitMs }: CallBudget) => {
      workedUntil = workedMs() + workMs;
      until = performance.now() + limitMs;
      over = false;
    },
    isOver: () => {
      over ||= performance.now() > until || workedMs() > workedUntil;
      return over;
    },
    wasOver: () => over,
  };
}

function load(context: QuickJSContext, source: string): { callRoute: QuickJSHandle; route: QuickJSHandle } {
  const callRoute = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js'));
  const evaluated = context.evalCode(source + EPILOGUE, 'script.js', { type: 'module' });
  if (evaluated.error) throw new ScriptError(describeScriptError(context.dump(evaluated.error)));
  const pending = context.typeof(context.getProp(evaluated.value, 'then')) === 'function';
  if (pending) throw new ScriptError('await is not possible: a script is loaded in one go');
  const exported = context.getProp(evaluated.value, 'route');
  const route = context.typeof(exported) === 'function' ? exported : context.getProp(evaluated.value, 'gateway$route');
  if (context.typeof(route) !== 'function')
    throw new ScriptError('expected a function route: export function route(q) { … }');
  return { callRoute, route };
}

function callOnce(
  context: QuickJSContext,
  { callRoute, route }: { callRoute: QuickJSHandle; route: QuickJSHandle },
  request: string,
  wasOver: () => boolean,
): CallResult {
  const called = context.callFunction(callRoute, context.undefined, route, context.newString(request));
  if (!called.error) return { kind: 'returned', text: context.getString(called.value) };
  if (wasOver()) return { kind: 'late' };
  return { kind: 'threw', message: describeScriptError(context.dump(called.error)).slice(0, MOST_MESSAGE_LENGTH) };
}
