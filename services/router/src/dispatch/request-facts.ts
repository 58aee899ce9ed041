import { create } from '@bufbuild/protobuf';
import { type Query_RequestFacts, Query_RequestFactsSchema } from '@trino-gateway/api/gateway';
import {
  clientTags,
  connectionPropertiesText,
  querySource,
  sessionProperties,
  trinoHeader,
} from '@trino-gateway/trino';

/** A client's request, as far as it is kept. */
type Sent = { listeningPort: number; host: string; rawHeaders: readonly string[] };

const LONGEST = { host: 253, name: 128, info: 300, list: 300 };
const SECRET_NAME = /auth|token|secret|pass|pwd|credential|cookie|key|signature/i;

/** What routing looks at besides user, source, tags and address, for history; nothing secret, and bounded. */
export function requestFacts(
  { listeningPort, host, rawHeaders }: Sent,
  sentHeaders: readonly string[],
): Query_RequestFacts {
  let cut = false;
  const short = (text: string, longest: number) => {
    if (text.length <= longest) return text;
    cut = true;
    // A copy: a slice would keep the whole text in memory.
    return Buffer.from(text.slice(0, longest).toWellFormed()).toString();
  };
  const names = shortList(Object.keys(sessionProperties(rawHeaders)), LONGEST.list);
  const properties = shortList(withoutSecrets(connectionPropertiesText(rawHeaders) ?? ''), LONGEST.list);
  const [source, ownSource] = [querySource(sentHeaders) ?? '', querySource(rawHeaders) ?? ''];
  const [tags, ownTags] = [sentHeaders, rawHeaders].map((headers) => clientTags(headers).join(','));
  const header = (name: string) => trinoHeader(rawHeaders, name)?.trim() ?? '';
  const facts = {
    listeningPort,
    host: short(host, LONGEST.host),
    catalog: short(header('catalog'), LONGEST.name),
    schema: short(header('schema'), LONGEST.name),
    clientInfo: short(header('client-info'), LONGEST.info),
    routingGroup: short(header('routing-group'), LONGEST.name),
    sessionProperties: names.kept,
    connectionProperties: properties.kept.join(','),
    ...(ownSource !== source && { source: short(ownSource, LONGEST.name) }),
    ...(ownTags !== tags && { clientTags: short(ownTags ?? '', LONGEST.list) }),
  };
  return create(Query_RequestFactsSchema, { ...facts, cut: cut || names.cut || properties.cut });
}

/** The pairs of `name=value`, those with the name of a secret without their value. */
function withoutSecrets(text: string): string[] {
  return text
    .split(',')
    .map((pair) => pair.trim())
    .filter(Boolean)
    .map((pair) => (SECRET_NAME.test(pair.split('=', 1)[0] ?? '') ? `${pair.split('=', 1)[0]}=` : pair));
}

function shortList(items: readonly string[], longest: number): { kept: string[]; cut: boolean } {
  const kept: string[] = [];
  let length = 0;
  for (const item of items) {
    length += item.length + 1;
    if (length > longest) return { kept, cut: true };
    kept.push(item);
  }
  return { kept, cut: false };
}
