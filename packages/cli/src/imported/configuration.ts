import type { RoutingChain } from '@trino-gateway/api/gateway';
import type { Declared } from '@trino-gateway/config';
import type { Note } from './notes.ts';

/** What would be put, and all that has no counterpart or was changed on the way. */
export type Imported = {
  declared: Declared;
  /** Absent: the routing chain stays as it is. */
  chain?: RoutingChain;
  notes: Note[];
};
