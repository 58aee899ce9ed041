import { z } from 'zod';
import { UsageError } from '../terminal/usage-error.ts';

/** A cluster of trinodb/trino-gateway, as its API answers it and its table `gateway_backend` holds it. */
const backend = z.object({
  name: z.string(),
  /** Where the gateway reaches it. */
  proxyTo: z.string(),
  externalUrl: z.string().nullish(),
  active: z.boolean().nullish(),
  routingGroup: z.string().nullish(),
});

export type TrinodbBackend = { id: string; url: string; externalUrl: string; enabled: boolean; group: string };

/** What its configuration file says of routing. */
const configuration = z.object({
  routing: z.object({ defaultRoutingGroup: z.string().nullish() }).nullish(),
  routingRules: z
    .object({
      rulesEngineEnabled: z.boolean().nullish(),
      rulesType: z.string().nullish(),
      rulesExternalConfiguration: z
        .object({
          urlPath: z.string().nullish(),
          excludeHeaders: z.array(z.string()).nullish(),
          propagateErrors: z.boolean().nullish(),
        })
        .nullish(),
    })
    .nullish(),
  modules: z.array(z.string()).nullish(),
});

export type TrinodbConfiguration = {
  defaultGroup: string;
  external: { url: string; excludeHeaders: string[]; propagateErrors: boolean } | undefined;
  /** Rules of a file, or an external service, are asked; otherwise the header is. */
  rulesEnabled: boolean;
  /** Clusters are chosen by their queries, not at random. */
  countsQueries: boolean;
};

/** @throws UsageError naming the first position that is not what it should be, never a value */
export function readBackends(where: string, answer: unknown): TrinodbBackend[] {
  return parsed(z.array(backend), where, answer).map(({ name, proxyTo, externalUrl, active, routingGroup }) => ({
    id: name,
    url: proxyTo,
    externalUrl: externalUrl ?? '',
    enabled: active ?? true,
    group: routingGroup ?? 'adhoc',
  }));
}

/** @throws UsageError */
export function readConfiguration(where: string, content: unknown): TrinodbConfiguration {
  const { routing, routingRules, modules } = parsed(configuration, where, content);
  const { rulesEngineEnabled, rulesType, rulesExternalConfiguration: external } = routingRules ?? {};
  const rulesEnabled = rulesEngineEnabled === true;
  const isExternal = rulesEnabled && rulesType?.toUpperCase() === 'EXTERNAL' && external;
  return {
    defaultGroup: routing?.defaultRoutingGroup ?? 'adhoc',
    rulesEnabled,
    external: isExternal
      ? {
          url: external.urlPath ?? '',
          excludeHeaders: external.excludeHeaders ?? [],
          propagateErrors: external.propagateErrors ?? false,
        }
      : undefined,
    countsQueries: (modules ?? []).some((name) => name.endsWith('.QueryCountBasedRouterProvider')),
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, where: string, content: unknown): z.output<Schema> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UsageError(`${where}: ${issue?.path.join('.')}: ${issue?.message}`);
}
