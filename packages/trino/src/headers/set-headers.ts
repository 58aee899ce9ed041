const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/; // a name in HTTP (RFC 9110)
const VALUE = /^[\u0020-\u007e\u0080-\u00ff]{0,10000}$/;

/** Headers that say who the client is, how the message is framed and sent, or what the gateway itself relies on. */
const reserved =
  /^(?:authorization|proxy-.*|cookie2?|host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|accept-encoding|forwarded|via|x-real-ip|x-forwarded-.*|x-trino-(?:user|original-user|role|extra-credential|internal-bearer|transaction-id|prepared-statement|query-data-encoding|routing-group))$/;

/** The name under which a decision about a query may set a header: X-Presto-* is X-Trino-* for clusters. */
export function settableName(name: string): string {
  return name.replace(/^x-presto-/i, 'X-Trino-');
}

/**
 * Why a decision about a query may not set this header for it: nothing can carry it, or it is not for a routing rule to say;
 * undefined when it may.
 */
export function setHeaderProblem(name: string, value: string): string | undefined {
  const settable = settableName(name);
  if (!TOKEN.test(settable)) return 'is no name of a header';
  if (reserved.test(settable.toLowerCase())) return 'is not set by the routing chain';
  return VALUE.test(value) && value.trim() !== '' ? undefined : 'has a value that no header can carry';
}

const PROPERTY = /^[A-Za-z0-9_-]{1,100}(?:\.[A-Za-z0-9_-]{1,100})?$/;
const LONGEST_PROPERTY = 1_000;

/** Why this cannot be a session property, whose name is `name` or `catalog.name`; undefined when it can. */
export function sessionPropertyProblem(name: string, value: string): string | undefined {
  if (!PROPERTY.test(name)) return 'is no name such as query_max_run_time or hive.x';
  if (value.length > LONGEST_PROPERTY) return `has a value of more than ${LONGEST_PROPERTY} characters`;
  return value.isWellFormed() ? undefined : 'has a value that is no text';
}

/** Why this cannot be added to the client tags of a query; undefined when it can. */
export function clientTagProblem(tag: string): string | undefined {
  if (tag.trim() === '' || tag.includes(',')) return 'is empty or has a comma';
  return VALUE.test(tag) && tag.length <= LONGEST_PROPERTY ? undefined : 'cannot be carried by a header';
}
