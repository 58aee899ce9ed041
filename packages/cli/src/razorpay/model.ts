import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .union([z.boolean(), z.number()])
  .nullish()
  .transform((value) => Boolean(value));
const whole = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ])
  .nullish()
  .transform((value) => value ?? 0);

/** A backend of razorpay/trino-gateway, as its API answers it and its table holds it. */
export const razorpayBackend = z.object({
  id: text,
  is_enabled: flag,
  scheme: text,
  /** Host and port under which the gateway reaches the cluster. */
  hostname: text,
  /** Host and port of the cluster's web UI, without a scheme. */
  external_url: text,
  /** Five fields of cron, or a name such as @daily; may begin with CRON_TZ=ZONE. */
  uptime_schedule: text,
  threshold_cluster_load: whole,
});
export type RazorpayBackend = z.output<typeof razorpayBackend>;

/** A group with the ids of its members. */
export const razorpayGroup = z.object({
  id: text,
  is_enabled: flag,
  /** LEAST_LOAD, ROUND_ROBIN or RANDOM; its table has them in lower case. */
  strategy: text,
  backends: z
    .array(z.string())
    .nullish()
    .transform((ids) => ids ?? []),
});
export type RazorpayGroup = z.output<typeof razorpayGroup>;

/** A policy. Its table says `rule_type` and `rule_value`, `group_id` and `fallback_group_id`. */
export const razorpayPolicy = z.object({
  id: text,
  is_enabled: flag,
  rule: z
    .object({ type: text, value: text })
    .nullish()
    .transform((rule) => rule ?? { type: '', value: '' }),
  group: text,
  fallback_group: text,
  is_auth_delegated: flag,
  set_request_source: text,
});
export type RazorpayPolicy = z.output<typeof razorpayPolicy>;

/** All that is imported from an installation of razorpay/trino-gateway. */
export type RazorpayConfiguration = {
  backends: RazorpayBackend[];
  groups: RazorpayGroup[];
  policies: RazorpayPolicy[];
};

/** The installation could not be read: why, in one line. */
export class SourceUnreadableError extends Error {}

/** Reads a list of objects as the source gives it. @throws SourceUnreadableError naming the position, never a value */
export function readObjects<Schema extends z.ZodType>(
  schema: Schema,
  objects: readonly unknown[],
  what: string,
): z.output<Schema>[] {
  return objects.map((object, index) => {
    const result = schema.safeParse(object);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new SourceUnreadableError(`${what}[${index}].${issue?.path.join('.')}: ${issue?.message}`);
  });
}
