/** The store did not give out this page token. */
export class BadPageTokenError extends Error {
  override readonly name = 'BadPageTokenError';
}

/** The database cannot be reached, does not answer in time or cannot take writes now; trying later may help. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}
