import type { ServiceImpl } from '@connectrpc/connect';
import type { DeclareDiscoveredRequest, DiscoveryService } from '@trino-gateway/api/gateway';
import { checkedId, checkedText, invalid } from '../../../configuration/validation.ts';
import { declareDiscovered } from '../../../discovery/declare-discovered.ts';
import type { RpcContext, Tables } from '../context.ts';

type Context = Pick<RpcContext, 'configuration' | 'ledger' | 'live' | 'now'> & Tables<'configuration' | 'duties'>;

const MOST_SOURCES = 200;
const MOST_OBJECTS = 1_000;
const NAME_LENGTH = 256;
const TEXT_LENGTH = 1_000;

/** Backends that come and go with objects of Kubernetes. */
export function discoveryService(context: Context): ServiceImpl<typeof DiscoveryService> {
  return {
    listDiscovered: async () => ({ sources: context.configuration.known.discovered }),
    declareDiscovered: async (request) => {
      const { monitorId, sources } = checkedRequest(request);
      const tied = (kind: 'backend' | 'group', id: string) => tieOf(context, kind, id);
      return { leads: await declareDiscovered({ ...context, tied }, monitorId, sources) };
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

/** What still needs it: queries that run there, or wait there. */
function tieOf({ ledger, live }: Context, kind: 'backend' | 'group', id: string): string | undefined {
  const state = ledger.state();
  if (kind === 'group') return state.loads.ofGroup(id).waiters > 0 ? 'queries wait in it' : undefined;
  return state.onBackend(id) > 0 || live.live(id) > 0 ? 'its queries still run' : undefined;
}
