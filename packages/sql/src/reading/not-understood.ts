/**
 * Thrown where a statement, or the tables in it, cannot be told; says nothing of what stands in the statement. No Error: nobody looks at
 * its stack, which takes longer to note than most statements take to read.
 */
export class NotUnderstood {
  readonly message: string;
  /** The class of the statement, where that much is certain. */
  readonly statementClass: string;

  constructor(why: string, statementClass = '') {
    this.message = why;
    this.statementClass = statementClass;
  }
}
