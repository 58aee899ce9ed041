/**
 * A program that this machine lacks and that could not be brought here; the message says what to install, or how to do
 * without. Tests that need it are skipped.
 */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError';
}

/** What to do instead of starting sample coordinators. */
export const OWN_CLUSTERS =
  'or use Trino clusters of your own: make run BACKENDS=http://host-a:8080,http://host-b:8080';
