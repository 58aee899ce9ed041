/** The command line or a file it names is wrong: nothing was changed, and the exit code is 2. */
export class UsageError extends Error {
  /** @param problems one sentence each, all of them at once */
  constructor(...problems: readonly string[]) {
    super(problems.join('\n'));
  }
}
