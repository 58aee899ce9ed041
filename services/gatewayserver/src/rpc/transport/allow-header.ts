import type { UniversalHandler } from '@connectrpc/connect/protocol';

/** A handler whose 405 names the methods that are allowed. */
export function withAllowHeader(handler: UniversalHandler): UniversalHandler {
  const withHeader = async (request: Parameters<UniversalHandler>[0]) => {
    const response = await handler(request);
    if (response.status !== 405) return response;
    const header = new Headers(response.header);
    header.set('allow', handler.allowedMethods.join(', '));
    return { ...response, header };
  };
  return Object.assign(withHeader, { ...handler });
}
