import { formDecoded, listItems, trimmed, trimmedItem } from '../headers/header-text.ts';
import { trinoHeader, trinoHeaders } from '../headers/protocol-headers.ts';
import type { RawHeaders } from '../headers/raw-headers.ts';

// HttpRequestSessionContextFactory: each of these is a comma list of `name=value`, the value urlencoded.
const LISTS = ['Session', 'Prepared-Statement', 'Role', 'Extra-Credential', 'Resource-Estimate'];

/** What Trino answers to the POST, with 400, when it cannot read the headers of the session; undefined when it can. */
export function sessionHeadersProblem(rawHeaders: RawHeaders): string | undefined {
  const has = (name: string) => trimmed(trinoHeader(rawHeaders, name) ?? '') !== '';
  if (has('schema') && !has('catalog')) return 'Schema is set but catalog is not';
  const unreadable = LISTS.find((name) =>
    trinoHeaders(rawHeaders, name.toLowerCase()).some((line) => !listItems(line).every(isProperty)),
  );
  const isUnnamed = trinoHeaders(rawHeaders, 'session').some((line) => listItems(line).some(hasNoName));
  return unreadable || isUnnamed ? `Invalid X-Trino-${unreadable ?? 'Session'} header` : undefined;
}

function isProperty(item: string): boolean {
  const at = item.indexOf('=');
  return at >= 0 && !item.includes('=', at + 1) && formDecoded(trimmedItem(item.slice(at + 1))) !== undefined;
}

/** A property of the system needs a name, one of a catalog two. */
function hasNoName(item: string): boolean {
  return /^(?:|\.[^.]*|[^.]*\.)$/.test(trimmedItem(item.slice(0, item.indexOf('='))));
}
