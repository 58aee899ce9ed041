/** Cases of the protocol that cannot be shown yet, with the reason. */
export const pending: ReadonlyMap<number, string> = new Map([
  [
    91,
    'the router follows no redirect of a cluster, so that no cluster makes it ask a host that it was not told of: with WORKER_PROXY clients must reach the workers, as without the gateway (docs/routers.md)',
  ],
  [
    94,
    'no policy takes X-Trino-Query-Data-Encoding away: spooled results of every cluster pass the gateway, so that nobody needs one',
  ],
]);

/** What a case asks for beside what its tests show, and why it is not so. */
export const inPart: ReadonlyMap<number, string> = new Map([
  [
    108,
    'the rate of guesses is not limited: a secret has 160 bits, a wrong one is refused by its code before anything is asked, and a limit for an address would hold up everybody behind the same balancer (docs/security.md)',
  ],
]);
