import { create } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendSchema,
  type Group,
  Group_Queue_WhenUnavailable,
  Group_Strategy,
  GroupSchema,
  RoutingChainSchema,
} from '@trino-gateway/api/gateway';
import { backendProblems } from '@trino-gateway/api/validation';
import type { Imported } from '../imported/configuration.ts';
import { type Note, type Remark, remarksAbout } from '../imported/notes.ts';
import { translateAll } from '../imported/translate-all.ts';
import type { TranslatedIds } from '../imported/translate-ids.ts';
import { isAutoscaled, readScalers, type TrinoLbScalers, translateAutoscaling } from './autoscaling.ts';
import type { TrinoLbCluster, TrinoLbConfiguration, TrinoLbGroup } from './model.ts';
import { routerSteps } from './router-steps.ts';

const KNOWN = {
  configuration: [
    ...['trinoLb', 'trinoClusterGroups', 'trinoClusterGroupsIgnoreCert', 'routers', 'routingFallback'],
    'clusterAutoscaler',
  ],
  group: ['maxRunningQueries', 'autoscaling', 'trinoClusters'],
  cluster: ['name', 'endpoint', 'externalEndpoint', 'credentials'],
};

/** What its own section is here: by the key of it, one sentence. */
const OWN_KEYS: Readonly<Record<string, string>> = {
  externalAddress: 'set router.external_url, or leave links to the address that the client used',
  persistence: 'set gatewayserver.database_url',
  adminAuthentication: 'set gatewayserver.admin_token',
  tls: 'let a balancer in front of the router speak HTTPS, and name it in router.trusted_proxies',
  ports: 'set router.listen and the ops_listen of each process',
  refreshQueryCounterInterval: 'set monitor.interval',
  tracing: 'has no counterpart',
};

type Named<Of> = Of & { id: string };

/** Translates a configuration of trino-lb; the same answer for the same configuration. */
export function translate(configuration: TrinoLbConfiguration): Imported {
  const notes: Note[] = [];
  const groups = Object.entries(configuration.trinoClusterGroups);
  tellUnknown(configuration, KNOWN.configuration, remarksAbout(notes, 'file', ''), notes);
  const scalers = readScalers(configuration, notes);
  const clusters = groups.flatMap(([, group]) =>
    group.trinoClusters.map((one) => ({ ...one, id: one.name, isScaled: isAutoscaled(group, scalers) })),
  );
  const backends = translateAll('backend', clusters, notes, (id, cluster, remark) =>
    translateBackend(id, cluster, scalers, remark),
  );
  const named = groups.map(([id, group]) => ({ ...group, id }));
  const translatedGroups = translateAll('group', named, notes, (id, group, remark) =>
    translateGroup(id, group, backends.ids, scalers, remark),
  );
  const steps = routerSteps(configuration, { groupIds: translatedGroups.ids, clusters: named }, notes);
  const fallbackGroup = translatedGroups.ids.of(configuration.routingFallback) ?? '';
  if (fallbackGroup === '')
    notes.push({
      about: 'routingFallback',
      text: `its group "${configuration.routingFallback}" is not imported: set fallback_group`,
    });
  notes.push(...generalNotes(configuration));
  const routingChain = create(RoutingChainSchema, { fallbackGroup, steps });
  const declared = { backends: backends.objects, groups: translatedGroups.objects, policies: [], routingChain };
  return { declared, notes };
}

function translateBackend(
  id: string,
  before: Named<TrinoLbCluster & { isScaled: boolean }>,
  scalers: TrinoLbScalers,
  remark: Remark,
): Backend | undefined {
  const { endpoint, externalEndpoint, credentials, isScaled } = before;
  tellUnknown(before, [...KNOWN.cluster, 'id', 'isScaled'], remark);
  const url = endpoint.replace(/\/$/, '');
  const external = (externalEndpoint ?? '').replace(/\/$/, '');
  const scaler = scalers.of(before.name, isScaled, remark);
  const backend = create(BackendSchema, {
    id,
    url,
    ...(scaler && { scaler }),
    externalUrl: external === url ? '' : external,
    ...(credentials && { probe: { user: credentials.username, password: credentials.password } }),
  });
  if (credentials) remark('its credentials, which asked for statistics there, are those of the probe here');
  const [problem] = backendProblems(backend);
  if (!problem) return backend;
  remark(`left out: ${problem.field}: ${problem.message}`);
  return undefined;
}

function translateGroup(
  id: string,
  before: Named<TrinoLbGroup>,
  backendIds: TranslatedIds,
  scalers: TrinoLbScalers,
  remark: Remark,
): Group | undefined {
  tellUnknown(before, [...KNOWN.group, 'id'], remark);
  const members = [...new Set(before.trinoClusters.flatMap(({ name }) => backendIds.of(name) ?? []))];
  if (members.length === 0) {
    remark('left out: it has no cluster');
    return undefined;
  }
  if (before.maxRunningQueries === 0) remark('took no query at all: it is disabled here');
  const autoscaling = translateAutoscaling(before, members.length, scalers, remark);
  return create(GroupSchema, {
    id,
    ...(autoscaling && { autoscaling }),
    ...(before.maxRunningQueries === 0 && { enabled: false }),
    backendIds: members,
    strategy: Group_Strategy.FEWEST_QUERIES,
    maxRunningQueriesPerBackend: before.maxRunningQueries,
    queue: { whenUnavailable: Group_Queue_WhenUnavailable.QUEUE },
  });
}

function tellUnknown(value: object, known: readonly string[], remark: Remark, notes?: Note[]): void {
  for (const key of Object.keys(value).filter((one) => !known.includes(one)))
    if (notes) notes.push({ about: key, text: 'is not translated: it is not known here' });
    else remark(`its ${key} is not translated: it is not known here`);
}

function generalNotes({ trinoLb, trinoClusterGroupsIgnoreCert }: TrinoLbConfiguration): Note[] {
  const own = Object.keys(trinoLb ?? {}).map((key) => ({
    about: `trinoLb.${key}`,
    text: Object.hasOwn(OWN_KEYS, key) ? (OWN_KEYS[key] as string) : 'is not translated: it is not known here',
  }));
  return [
    ...own,
    ...(trinoClusterGroupsIgnoreCert
      ? [
          {
            about: 'trinoClusterGroupsIgnoreCert',
            text: 'certificates are always verified: give tls.ca_file of each backend',
          },
        ]
      : []),
  ];
}
