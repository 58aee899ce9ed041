import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { RpcContext } from './context.ts';

/** Of a list: as of when it is, while the database does not answer. */
export function asOf({ configuration }: { configuration: Pick<RpcContext['configuration'], 'staleSince'> }): {
  asOf?: Timestamp;
} {
  const since = configuration.staleSince();
  return since === undefined ? {} : { asOf: timestampFromMs(since) };
}
