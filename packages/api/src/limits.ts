/** Most bytes of a sealed statement or answer: as base64 it fits a statement, and a row, of every database. */
export const MOST_SEALED_BYTES = 11_500_000;
/** Most characters (UTF-16 units) of a statement's text that the history keeps. */
export const LONGEST_QUERY_TEXT = 1_000_000;
/** Most objects of one page of a list. */
export const MOST_PER_PAGE = 1_000;
