import { linkParts, type Run, run, session, type WirePage } from './wire.ts';

// What several themes of the protocol tests ask.

export const UNKNOWN_ID = '20260101_000000_00000_aaaaa';
export const ENDLESS = 'SELECT count(*) FROM tpch.sf100.lineitem';

const isRunning = (page: WirePage) => page.nextUri?.includes('/executing/') === true && page.stats.state === 'RUNNING';

/** A query that runs until it is ended. */
export const startEndless = (url: string): Promise<Run> => run(url, ENDLESS, session, isRunning);
/** The same link with another secret. */
export const withSlug = (link: string, slug: string) => link.replace(linkParts(link).slug, slug);
/** All values that the answers of a run have of a header. */
export const header = (seen: Run, name: string) => seen.answers.flatMap(({ headers }) => headers[name] ?? []);
