import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { Backend_ForwardedHeaders, IncarnationSchema, type RecordIncarnationRequest } from '@trino-gateway/api/gateway';
import { isCoordinatorSuffix } from '@trino-gateway/trino/query-id';
import { otherHolder } from '../../../configuration/coordinator-suffixes.ts';
import { checkedId, checkedOrigin, invalid } from '../../../configuration/validation.ts';
import type { RpcContext, Tables } from '../context.ts';

type Context = Pick<RpcContext, 'configuration' | 'onSuffixRefused' | 'logger' | 'now'> & Tables<'incarnations'>;

/** A coordinator was seen with this suffix for the first time. */
export async function recordIncarnation(context: Context, { suffix, backendId, url }: RecordIncarnationRequest) {
  const { store, configuration, now } = context;
  if (!isCoordinatorSuffix(suffix))
    throw invalid('suffix', "expected five characters as they end a cluster's query ids");
  checkedId(backendId, 'backend_id');
  const origin = checkedOrigin(url, 'url');
  refuseOtherHolder(context, { suffix, backendId, url: origin });
  const at = timestampFromMs(now());
  const backend = configuration.known.backends.get(backendId)?.backend;
  const seen = create(IncarnationSchema, {
    suffix,
    backendId,
    url: origin,
    forwardedHeaders: backend?.forwardedHeaders ?? Backend_ForwardedHeaders.AUTO,
    // Of this address only: at another one they would be of no use.
    ...(backend?.tls && backend.url === origin && { tls: backend.tls }),
    firstSeenAt: at,
    lastSeenAt: at,
  });
  await store.incarnations.record(seen);
  configuration.applyWrite('incarnations', (known) => {
    const same = (one: { suffix: string; url: string }) => one.suffix === seen.suffix && one.url === seen.url;
    if (!known.incarnations.some(same)) known.incarnations = [...known.incarnations, seen];
  });
  return {};
}

function refuseOtherHolder(
  { configuration, logger, onSuffixRefused }: Context,
  { suffix, backendId, url }: { suffix: string; backendId: string; url: string },
): void {
  const holder = otherHolder(configuration.suffixHolders(), { suffix, url });
  if (holder === undefined) return;
  logger.error('a backend answers with query ids of another one: polls for them are not sent to it', {
    backend: backendId,
    holder: holder.backendId,
    suffix,
  });
  onSuffixRefused(backendId);
  const message = `suffix: "${suffix}" belongs to the backend "${holder.backendId}": one coordinator has one url`;
  throw new ConnectError(message, Code.FailedPrecondition);
}
