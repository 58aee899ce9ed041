import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { DeclareDiscoveredRequest, DiscoveryService } from '@trino-gateway/api/gateway';
import { BY_DISCOVERY, checkedId, checkedText, invalid } from '../../../configuration/validation.ts';
import { declareDiscovered } from '../../../discovery/declare-discovered.ts';
import type { RpcContext, Tables } from '../context.ts';

type Context = Pick<RpcContext, 'configuration' | 'drains' | 'ledger' | 'live' | 'now'> &
  Tables<'configuration' | 'duties'>;

const MOST_SOURCES = 200;
const MOST_OBJECTS = 1_000;
const NAME_LENGTH = 256;
const TEXT_LENGTH = 1_000;
const STILL_RUN = 'its queries still run';
/** So long a backend stays whose queries nobody can tell of. */
const UNKNOWN_MS = 600_000;

/** Backends that come and go with objects of Kubernetes. */
export function discoveryService(context: Context): ServiceImpl<typeof DiscoveryService> {
  return {
    listDiscovered: async () => ({ sources: context.configuration.known.discovered }),
    declareDiscovered: async (request) => {
      const { monitorId, sources } = checkedRequest(request);
      const ties = () => findTies(context);
      return { leads: await declareDiscovered({ ...context, ties }, monitorId, sources) };
    },
  };
}

function checkedRequest(request: DeclareDiscoveredRequest): DeclareDiscoveredRequest {
  const { sources } = request;
  checkedId(request.monitorId, 'monitor_id');
  if (sources.length > MOST_SOURCES)
    throw invalid('sources', `expected at most ${MOST_SOURCES}, got ${sources.length}`);
  if (new Set(sources.map(({ name }) => name)).size < sources.length)
    throw invalid('sources', 'expected each name once');
  sources.forEach(({ name, problem, objects }, at) => {
    const field = `sources[${at}]`;
    if (name === '') throw invalid(`${field}.name`, 'expected a name');
    checkedText(`${field}.name`, name, NAME_LENGTH);
    checkedText(`${field}.problem`, problem, TEXT_LENGTH);
    if (objects.length > MOST_OBJECTS)
      throw invalid(`${field}.objects`, `expected at most ${MOST_OBJECTS}, got ${objects.length}`);
    objects.forEach(({ object, source }, index) => {
      checkedText(`${field}.objects[${index}].object`, object, 2 * NAME_LENGTH);
      if (source !== name) throw invalid(`${field}.objects[${index}].source`, 'expected the name of its source');
    });
  });
  return request;
}

/** What still needs a backend that leaves, or a group: queries that run there, or wait there. */
async function findTies(context: Context): Promise<(kind: 'backend' | 'group', id: string) => string | undefined> {
  const { configuration, ledger, now } = context;
  const ties = new Map<string, string | undefined>();
  for (const [id, { backend }] of configuration.known.backends) {
    const since = backend.managedBy === BY_DISCOVERY ? backend.discovery?.leavingSince : undefined;
    if (since !== undefined) ties.set(id, await backendTie(context, id, now() - timestampMs(since)));
  }
  return (kind, id) => {
    if (kind === 'backend') return ties.get(id);
    return ledger.state().loads.ofGroup(id).waiters > 0 ? 'queries wait in it' : undefined;
  };
}

async function backendTie(
  { drains, ledger, live }: Context,
  id: string,
  leavingMs: number,
): Promise<string | undefined> {
  if (ledger.state().onBackend(id) > 0 || live.live(id) > 0) return STILL_RUN;
  const { suffix = '', remaining = [] } = (await drains.status(id)) ?? {};
  // A cluster that never answered has nothing.
  if (suffix === '') return undefined;
  if (remaining.some(({ kind }) => kind !== 'UNKNOWN')) return STILL_RUN;
  // Of a cluster that is gone nobody will ever know.
  return remaining.length > 0 && leavingMs < UNKNOWN_MS ? 'whether its queries still run is not known' : undefined;
}
