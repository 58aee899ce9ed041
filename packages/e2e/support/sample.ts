/**
 * PAIRS=some: the run takes a sample of what `make e2e` tries, so that it fits into the time there is before a change lands. What is
 * left out stands beside each use.
 */
export const isSample = process.env.PAIRS === 'some';
