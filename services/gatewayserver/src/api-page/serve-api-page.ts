import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { answerError } from '../http/answer-error.ts';

/** The page on which calls can be tried. */
const PAGE = '/admin/swaggerui/';

const SECURITY: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

type ServedFile = { path: string; type: string };

/**
 * Serves the OpenAPI document and Swagger UI: both are open, the calls are not. Files are read from disk for each request. Answers
 * false for other paths.
 */
export function serveApiPage(logger: Logger): (request: IncomingMessage, response: ServerResponse) => boolean {
  const files = servedFiles();
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const file = files.get(path);
    if (!file && path !== PAGE.slice(0, -1)) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const allow = 'GET, HEAD';
      answerError(response, 405, 'unimplemented', `expected one of the methods ${allow}`, { allow });
    } else if (!file) {
      response.writeHead(301, { location: PAGE, 'cache-control': 'no-cache' }).end();
    } else {
      send(file, request, response).catch((error: unknown) => {
        if (response.headersSent) {
          response.destroy(); // the browser has disconnected
          return;
        }
        logger.error('a file of the API page cannot be read', { path, error: describeError(error) });
        answerError(response, 500, 'internal', 'the file cannot be read');
      });
    }
    return true;
  };
}

function servedFiles(): ReadonlyMap<string, ServedFile> {
  const require = createRequire(import.meta.url);
  const swagger = dirname(require.resolve('swagger-ui-dist/package.json'));
  const own = import.meta.dirname;
  return new Map([
    ['/admin/openapi.json', { path: require.resolve('@trino-gateway/api/openapi.json'), type: 'application/json' }],
    [PAGE, { path: join(own, 'index.html'), type: 'text/html; charset=utf-8' }],
    [`${PAGE}start.js`, { path: join(own, 'start.js'), type: 'text/javascript; charset=utf-8' }],
    [
      `${PAGE}swagger-ui-bundle.js`,
      { path: join(swagger, 'swagger-ui-bundle.js'), type: 'text/javascript; charset=utf-8' },
    ],
    [`${PAGE}swagger-ui.css`, { path: join(swagger, 'swagger-ui.css'), type: 'text/css; charset=utf-8' }],
    [`${PAGE}favicon-32x32.png`, { path: join(swagger, 'favicon-32x32.png'), type: 'image/png' }],
  ]);
}

/** Browsers cache the file and revalidate it each time. */
async function send({ path, type }: ServedFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  const etag = `W/"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`;
  const headers = { ...SECURITY, 'cache-control': 'no-cache', etag };
  if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': size });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(path), response);
}
