/** Fails unless a law of a model holds. @throws Error naming the law broken */
export function must(holds: boolean | undefined, law: string): void {
  if (!holds) throw new Error(`broken: ${law}`);
}
