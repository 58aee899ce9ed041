import type { LeadScalingRequest } from '@trino-gateway/api/gateway';
import { checkedId } from '../../../configuration/validation.ts';
import { askDrains } from '../../../scaling/ask-drains.ts';
import { pictureOf } from '../../../scaling/picture.ts';
import { pictureSource } from '../../../scaling/picture-source.ts';
import { type ScalingContext, scaledGroups } from './scaling-context.ts';

/** Short enough that another monitor takes over within 15 s, and long enough for a few missed calls. */
const LEASE_MS = 10_000;

/** Takes, prolongs or gives up the lead, and answers the picture that the decisions of this leader follow from. */
export async function leadScaling(context: ScalingContext, { monitorId, resign }: LeadScalingRequest) {
  const { store, configuration, ledger, drains } = context;
  checkedId(monitorId, 'monitor_id');
  if (resign) {
    await store.scaling.resign(monitorId);
    return { leads: false };
  }
  const lead = await store.scaling.lead(monitorId, LEASE_MS);
  if (!lead) return { leads: false };
  // After the lead was taken no former leader records anything more: what is read now is its last word.
  await Promise.all([configuration.refresh(), ledger.refresh()]);
  const groups = scaledGroups(context);
  const tied = await askDrains(groups, configuration.known, drains);
  const source = pictureSource(context, { leader: monitorId, now: lead.now.getTime(), drains: tied });
  const pictures = groups.map((group) => pictureOf(source, group));
  return { leads: true, fence: BigInt(lead.fence), leaseMs: LEASE_MS, groups: pictures };
}
