import type { UniversalHandler } from '@connectrpc/connect/protocol';

const WRONG_TYPE =
  'content-type: expected application/json, such as curl sends with -H "Content-Type: application/json", or another type of Connect, gRPC or gRPC-web';
const NO_MESSAGE =
  'expected POST with content-type application/json, or the message in the query, as in ?encoding=json&message={}';

/** A handler whose 405 and 415, which the protocol leaves empty, say what was expected, as all other errors do. */
export function explainRefusals(handler: UniversalHandler): UniversalHandler {
  const explained = async (request: Parameters<UniversalHandler>[0]) => {
    const response = await handler(request);
    if (response.status !== 405 && response.status !== 415) return response;
    const header = new Headers(response.header);
    header.set('content-type', 'application/json');
    const methods = handler.allowedMethods.join(', ');
    if (response.status === 405) header.set('allow', methods);
    const code = response.status === 405 ? 'unimplemented' : 'invalid_argument';
    const ofType = request.method === 'GET' ? NO_MESSAGE : WRONG_TYPE;
    const message = response.status === 405 ? `expected one of the methods ${methods}` : ofType;
    const body = (async function* () {
      yield new TextEncoder().encode(JSON.stringify({ code, message }));
    })();
    return { ...response, header, body };
  };
  return Object.assign(explained, { ...handler });
}
