/** A program could not be brought to this machine; the message says why. Tests of it are skipped. */
export class NotFetchedError extends Error {
  override readonly name = 'NotFetchedError';
}
