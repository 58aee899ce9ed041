import { type Evidence, LONGEST_SUBMISSION_MS, type RouterReport, SILENT_AFTER_MS } from './evidence.ts';
import type { Tie } from './tie.ts';

/** Until when something that a router knew of may still turn up, when the router itself says nothing any more. */
function heirsUntil({ reportedAt }: RouterReport, { clientTimeoutMs }: Evidence): number {
  return reportedAt + SILENT_AFTER_MS + clientTimeoutMs;
}

/** The routers whose queries may still turn up: at them, or at others that their clients go to. */
export function routersThatCount(evidence: Evidence): RouterReport[] {
  const { now } = evidence;
  return evidence.routers.filter((router) => {
    if (router.revision === undefined && now < earlierVersionsUntil(evidence)) return true;
    const isSilent = router.left || now - router.reportedAt > SILENT_AFTER_MS;
    return !isSilent || now < heirsUntil(router, evidence);
  });
}

/** Until when a statement may turn up that a router of an earlier version was given before the drain. */
function earlierVersionsUntil({ begunAt, clientTimeoutMs }: Evidence): number {
  return begunAt + LONGEST_SUBMISSION_MS + clientTimeoutMs;
}

/** What routers have on its way to the incarnation, or cannot say. */
export function routerTies(evidence: Evidence): Tie[] {
  const { now, servedSince } = evidence;
  const ties = routersThatCount(evidence).flatMap((router) => tiesOf(router, evidence));
  if (now - servedSince < SILENT_AFTER_MS)
    ties.push({ kind: 'UNKNOWN', text: 'this gatewayserver has only just started: routers have yet to report' });
  return ties;
}

function tiesOf(router: RouterReport, evidence: Evidence): Tie[] {
  const { now, revision } = evidence;
  const { routerId, reportedAt, left, told } = router;
  const name = `router ${routerId}`;
  const until = new Date(heirsUntil(router, evidence)).toISOString();
  const underWay = told?.underWay ?? 0;
  if (left)
    return underWay > 0 ? [unknown(`${name} stopped with ${underWay} statements under way: until ${until}`)] : [];
  if (router.revision === undefined) return tiesOfEarlierVersion(router, evidence);
  if (now - reportedAt > SILENT_AFTER_MS) {
    const silentS = Math.round((now - reportedAt) / 1_000);
    return [unknown(`${name} has told nothing for ${silentS} s, without having stopped: until ${until}`)];
  }
  if (router.revision < revision || told === undefined) return [unknown(`${name} has not taken note of it yet`)];
  return underWay > 0 ? [{ kind: 'UNANSWERED', count: underWay, text: `statements under way at ${name}` }] : [];
}

/**
 * It tells how many queries it has live, when it has any, and nothing of what is under way: that is over once no statement that it was
 * given before can be.
 */
function tiesOfEarlierVersion({ routerId, reportedAt, live }: RouterReport, evidence: Evidence): Tie[] {
  const { now } = evidence;
  const ties: Tie[] = [];
  if (live > 0 && now - reportedAt <= SILENT_AFTER_MS)
    ties.push({ kind: 'RUNNING', count: live, text: `counted by router ${routerId}` });
  const until = earlierVersionsUntil(evidence);
  if (now < until || live > 0)
    ties.push(
      unknown(
        `router ${routerId} is of an earlier version, which does not tell what is under way: until ${new Date(until).toISOString()}`,
      ),
    );
  return ties;
}

function unknown(text: string): Tie {
  return { kind: 'UNKNOWN', text };
}
