import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '@trino-gateway/api/http';
import { type HttpRoute, httpRoute } from '@trino-gateway/api/http-routes';

/** The call that a request's method and path name. */
export type Match =
  /** `values` are decoded, in the order of the route's path fields. */
  | { kind: 'route'; route: HttpRoute; values: readonly string[] }
  /** There is such a path, but not with this method. */
  | { kind: 'wrong-method'; allowed: readonly string[] }
  /** There is such a path, but its percent-encoding is invalid. */
  | { kind: 'malformed' }
  | { kind: 'unknown' };

/** The REST routes of all methods that have a google.api.http option. */
export function routeTable(methods: readonly DescMethod[]): HttpRoute[] {
  return methods
    .filter((method) => hasOption(method, http))
    .map((method) => httpRoute(method, getOption(method, http)));
}

/** Finds the route of a request; `path` has no query and is not decoded. HEAD is served as GET. */
export function matchRoute(routes: readonly HttpRoute[], method: string, path: string): Match {
  const samePath = routes.filter(({ pattern }) => pattern.test(path));
  const route = samePath.find(({ verb }) => verb === (method === 'HEAD' ? 'GET' : method));
  if (!route) {
    const allowed = samePath.flatMap(({ verb }) => (verb === 'GET' ? ['GET', 'HEAD'] : [verb]));
    return samePath.length === 0 ? { kind: 'unknown' } : { kind: 'wrong-method', allowed };
  }
  try {
    return { kind: 'route', route, values: (route.pattern.exec(path) ?? []).slice(1).map(decodeURIComponent) };
  } catch {
    return { kind: 'malformed' };
  }
}
