import type { Gateway } from '../connection/gateway.ts';
import type { Difference } from './differences.ts';

/** What became of an object, or would. */
export type Outcome = 'created' | 'changed' | 'unchanged' | 'deleted';

/** One object, and the call that brings it about. */
export type Change = {
  /** What it is called: `backend "a"`. */
  readonly name: string;
  /** What is expected to become of it. */
  readonly expected: Outcome;
  /** Field by field, without secrets. */
  readonly differences: readonly Difference[];
  /** Puts it unless nothing would change, or deletes it. @returns what became of it */
  write(gateway: Gateway): Promise<Outcome>;
};
