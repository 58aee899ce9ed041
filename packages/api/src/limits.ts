/** Most bytes of a sealed statement or answer: as base64 it fits a statement, and a row, of every database. */
export const MOST_SEALED_BYTES = 11_500_000;
