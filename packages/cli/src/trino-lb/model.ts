import { z } from 'zod';
import { UsageError } from '../terminal/usage-error.ts';

const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/)
    .transform(Number),
]);

const cluster = z.looseObject({
  name: z.string(),
  endpoint: z.string(),
  externalEndpoint: z.string().nullish(),
  credentials: z.looseObject({ username: z.string(), password: z.string() }).nullish(),
});

const group = z.looseObject({
  maxRunningQueries: z.number().int().nonnegative(),
  autoscaling: z.unknown().optional(),
  trinoClusters: z.array(cluster),
});

/** One of its routers; the key says which. */
const router = z.record(z.string(), z.unknown());

/** The configuration of trino-lb, as far as it is translated. */
const configuration = z.looseObject({
  trinoLb: z.looseObject({}).nullish(),
  trinoClusterGroups: z.record(z.string(), group),
  trinoClusterGroupsIgnoreCert: z.boolean().nullish(),
  routers: z.array(router),
  routingFallback: z.string(),
  clusterAutoscaler: z
    .looseObject({
      stackable: z
        .looseObject({ clusters: z.record(z.string(), z.looseObject({ name: z.string(), namespace: z.string() })) })
        .nullish(),
    })
    .nullish(),
});

const minClusters = z.looseObject({
  timeUtc: z.string(),
  weekdays: z.string(),
  min: z.number().int().nonnegative(),
});
export const autoscaling = z.looseObject({
  upscaleQueuedQueriesThreshold: z
    .number()
    .int()
    .nonnegative()
    .max(2 ** 31 - 1),
  downscaleRunningQueriesPercentageThreshold: z.number().int().nonnegative(),
  drainIdleDurationBeforeShutdown: z.string(),
  minClusters: z.array(minClusters).nullish(),
});

export const headerRouter = z.looseObject({ headerName: z.string().nullish() }).nullish();
export const pythonRouter = z.looseObject({ script: z.string() });
export const tagsRouter = z.looseObject({
  oneOf: z.array(z.string()).nullish(),
  allOf: z.array(z.string()).nullish(),
  trinoClusterGroup: z.string(),
});
export const costsRouter = z.looseObject({
  trinoClusterToRunExplainQuery: z.looseObject({
    endpoint: z.string(),
    ignoreCert: z.boolean().nullish(),
    username: z.string(),
    password: z.string(),
  }),
  targets: z.array(
    z.looseObject({
      cpuCost: number,
      memoryCost: number,
      networkCost: number,
      outputRowCount: number,
      outputSizeInBytes: number,
      trinoClusterGroup: z.string(),
    }),
  ),
});

export type TrinoLbCluster = z.output<typeof cluster>;
export type TrinoLbGroup = z.output<typeof group>;
export type TrinoLbMinClusters = z.output<typeof minClusters>;
export type TrinoLbRouter = z.output<typeof router>;
export type TrinoLbConfiguration = z.output<typeof configuration>;

/** @throws UsageError naming the first position that is not what it should be, never a value */
export function readConfiguration(where: string, content: unknown): TrinoLbConfiguration {
  return parsed(configuration, where, content);
}

/** The settings of a part. @throws UsageError */
export function parsed<Schema extends z.ZodType>(schema: Schema, where: string, content: unknown): z.output<Schema> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UsageError(`${where}${issue?.path.length ? `.${issue.path.join('.')}` : ''}: ${issue?.message}`);
}
