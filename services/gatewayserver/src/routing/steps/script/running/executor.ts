/** What came of one call of a script. */
export type CallResult =
  | { kind: 'returned' /** As JSON: what the script returned, and what it logged. */; text: string }
  /** The script threw, or returned what cannot be read. */
  | { kind: 'threw'; message: string }
  /** It was interrupted, or ended, when its time was over. */
  | { kind: 'late' }
  /** It has brought down what runs it. */
  | { kind: 'broke'; message: string };

/** When a call is interrupted, if it can be. */
export type CallBudget = {
  /** Of the processor's time: on a busy machine a call takes longer than it works. */
  workMs: number;
  /** From its beginning. */
  limitMs: number;
};

/** Who hears of an executor. */
export type ExecutorEvents = {
  /** In the order of the calls. After one that broke it nothing more follows. */
  answered(result: CallResult): void;
  /** It will not answer any more, of itself. */
  ended(why: string): void;
};

/** Something that runs one script apart from this process's own code: a worker or a child process. */
export type Executor = {
  /** Fulfilled once the script is loaded; rejected with what is wrong with it. */
  readonly ready: Promise<void>;
  /** How many calls it can be given at once. */
  readonly mostInFlight: number;
  /** @param request JSON */
  call(request: string, budget: CallBudget): void;
  /** From now on everything else on this machine goes before it. */
  yieldToOthers(): void;
  /** Ends it at once, whatever it does. No event follows. */
  end(): Promise<void>;
};

export type StartExecutor = (events: ExecutorEvents) => Executor;

/** What is wrong with a script, for those who wrote it. */
export class ScriptError extends Error {
  override name = 'ScriptError';
}

/** How long a script may work while it is loaded, and how long that is waited for, the start of the interpreter included. */
export const LOAD_WORK_MS = 1_000;
export const LOAD_LIMIT_MS = 10_000;
/** A longer answer is no answer. */
export const MOST_ANSWER_LENGTH = 65_536;
/** What is kept of one call's console. */
export const MOST_LOG_LENGTH = 1_000;
