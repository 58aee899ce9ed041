/** Why a statement, or the tables in it, cannot be told. Says nothing of what stands in the statement. */
export class NotUnderstood extends Error {
  /** The class of the statement, where that much is certain. */
  readonly statementClass: string;

  constructor(why: string, statementClass = '') {
    super(why);
    this.statementClass = statementClass;
  }
}
