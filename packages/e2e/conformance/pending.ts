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

/** Cases that nobody has written yet. The list only shrinks. */
export const unwritten: ReadonlySet<number> = new Set([
  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 67, 69, 70, 71, 75, 77, 78, 79, 80, 81, 82, 83, 84, 85,
  86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 109, 110, 111, 112, 113, 114, 115, 116,
]);
