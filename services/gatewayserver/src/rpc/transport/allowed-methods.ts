import type { UniversalHandler } from '@connectrpc/connect/protocol';

/** A handler that tells callers who used another HTTP method which ones there are. */
export function withAllowHeader(handler: UniversalHandler): UniversalHandler {
  const telling = async (request: Parameters<UniversalHandler>[0]) => {
    const response = await handler(request);
    if (response.status !== 405) return response;
    const header = new Headers(response.header);
    header.set('allow', handler.allowedMethods.join(', '));
    return { ...response, header };
  };
  return Object.assign(telling, { ...handler });
}
