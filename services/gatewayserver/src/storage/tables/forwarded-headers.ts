import { Backend_ForwardedHeaders } from '@trino-gateway/api/gateway';

/** The name under which a forwarded-headers setting is stored. */
export function forwardedHeadersName(value: Backend_ForwardedHeaders): string {
  const entry = Object.entries(Backend_ForwardedHeaders).find(([, number]) => number === value);
  return entry?.[0] ?? 'FORWARDED_HEADERS_UNSPECIFIED';
}

/** The setting stored under this name; unspecified when the name is unknown. */
export function forwardedHeadersOf(name: string): Backend_ForwardedHeaders {
  return (
    Backend_ForwardedHeaders[name as keyof typeof Backend_ForwardedHeaders] ??
    Backend_ForwardedHeaders.FORWARDED_HEADERS_UNSPECIFIED
  );
}
