import { create } from '@bufbuild/protobuf';
import { type ListRoutingHitsRequest, type RoutingHit, RoutingHitSchema } from '@trino-gateway/api/gateway';
import { checkedId, invalid } from '../../configuration/validation.ts';
import { DAY_MS, utcDay } from '../../decisions/utc-day.ts';
import type { RoutingHits } from '../../storage/contract/routing-hits.ts';
import type { RpcContext, Tables } from './context.ts';

type Context = Pick<RpcContext, 'configuration' | 'now'> & Tables<'routingHits'>;

const DEFAULT_DAYS = 7;
const MOST_DAYS = 400;
const MOST_ROWS = 200_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** What steps and rules did by day, and which of the present chain did nothing. */
export async function listRoutingHits(
  { configuration, store, now }: Context,
  { fromDay, toDay, stepId }: ListRoutingHitsRequest,
): Promise<{ hits: RoutingHit[] }> {
  if (stepId !== '') checkedId(stepId, 'step_id');
  const to = toDay === '' ? now() : checkedDay('to_day', toDay);
  const from = fromDay === '' ? to - (DEFAULT_DAYS - 1) * DAY_MS : checkedDay('from_day', fromDay);
  if (from > to || to - from >= MOST_DAYS * DAY_MS)
    throw invalid('from_day', `expected a day up to to_day, at most ${MOST_DAYS} days before it, got "${fromDay}"`);
  const places = new Map(
    configuration
      .chain()
      .steps.filter(({ id }) => stepId === '' || id === stepId)
      .flatMap(({ id, ruleIds = [] }) => [placeOf(id, ''), ...ruleIds.map((ruleId) => placeOf(id, ruleId))])
      .map((place, at) => [place, at]),
  );
  const days = { from: utcDay(from), to: utcDay(to) };
  const hits = joined(await store.routingHits.list(days, stepId || undefined, MOST_ROWS));
  const position = ({ stepId: step, ruleId }: RoutingHit) => places.get(placeOf(step, ruleId)) ?? places.size;
  hits.sort((a, b) => (a.day === b.day ? position(a) - position(b) : a.day < b.day ? -1 : 1));
  const active = new Set(hits.map((hit) => placeOf(hit.stepId, hit.ruleId)));
  const idle = [...places.keys()].filter((place) => !active.has(place)).map(hitAt);
  return { hits: [...hits, ...idle] };
}

/** One message for all that a step or rule did on a day. */
function joined(rows: readonly RoutingHits[]): RoutingHit[] {
  const hits = new Map<string, RoutingHit>();
  for (const { day, stepId, ruleId, did, hits: count } of rows) {
    const key = `${day} ${placeOf(stepId, ruleId)}`;
    const hit = hits.get(key) ?? create(RoutingHitSchema, { day, stepId, ruleId });
    hits.set(key, hit);
    if (isCounted(did)) hit[did] += BigInt(count);
  }
  return [...hits.values()];
}

const COUNTED = ['decided', 'abstained', 'refused', 'failed', 'observed'] as const;

function isCounted(did: string): did is (typeof COUNTED)[number] {
  return (COUNTED as readonly string[]).includes(did);
}

/** Ids have no blanks. */
function placeOf(stepId: string, ruleId: string): string {
  return `${stepId} ${ruleId}`;
}

function hitAt(place: string): RoutingHit {
  const [stepId = '', ruleId = ''] = place.split(' ');
  return create(RoutingHitSchema, { stepId, ruleId });
}

function checkedDay(field: string, day: string): number {
  const at = DAY.test(day) ? Date.parse(day) : Number.NaN;
  if (!Number.isNaN(at) && utcDay(at) === day) return at;
  throw invalid(field, `expected a day as 2026-01-31, got "${day.slice(0, 40)}"`);
}
