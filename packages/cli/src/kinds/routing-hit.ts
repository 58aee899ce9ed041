import { RoutingHitSchema } from '@trino-gateway/api/gateway';
import type { Printable } from '../output/print.ts';

/** How counts of steps and rules are listed: a day without name did nothing. */
export const routingHitKind: Printable<typeof RoutingHitSchema> = {
  schema: RoutingHitSchema,
  plural: 'hits',
  heads: ['DAY', 'STEP', 'RULE', 'DECIDED', 'REFUSED', 'OBSERVED', 'FAILED', 'ABSTAINED'],
  cells: ({ day, stepId, ruleId, decided, refused, observed, failed, abstained }) => [
    day || 'never',
    stepId,
    ruleId || '-',
    ...[decided, refused, observed, failed, abstained].map(String),
  ],
};
