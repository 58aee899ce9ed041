import { create } from '@bufbuild/protobuf';
import { type DiscoverySource, DiscoverySourceSchema } from '@trino-gateway/api/gateway';
import { mapObject } from './map-object.ts';
import { type Dated, resolveIds } from './resolve-ids.ts';
import type { Source, SourceState } from './watch-source.ts';

const LONGEST_PROBLEM = 900;

/** What the gatewayserver is told of all sources; undefined before each of them was looked at. */
export function sourcesToDeclare(
  states: readonly { source: Source; state: SourceState }[],
): DiscoverySource[] | undefined {
  if (states.some(({ state }) => state.listed === undefined)) return undefined;
  // Objects that cannot be looked at now keep their ids.
  const dated = states.flatMap(({ source, state }): Dated[] =>
    [...state.objects.values()].map((object) => ({
      mapped: mapObject(source.kind, source.name, object),
      createdAt: object.createdAt,
    })),
  );
  const resolved = resolveIds(dated);
  return states.map(({ source: { name }, state: { listed = false, problem } }) =>
    create(DiscoverySourceSchema, {
      name,
      listed,
      problem: problem.slice(0, LONGEST_PROBLEM),
      objects: listed ? resolved.filter(({ source }) => source === name) : [],
    }),
  );
}
