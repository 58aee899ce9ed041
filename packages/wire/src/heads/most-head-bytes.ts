/** A head of a usual client is a few hundred bytes; longer ones (prepared statements travel in them) are left to who has time for them. */
export const MOST_HEAD_BYTES = 65_536;
