import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** An HTTP answer, read whole. */
export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

/** What to send in one request. */
export type ExchangeOptions = {
  method: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
};

/**
 * One HTTP or HTTPS request on a connection of its own, with its answer read whole. A Host header may be given; certificates
 * are not checked.
 */
export async function exchange(url: URL, options: ExchangeOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { method, headers, body, signal } = options;
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    ...(headers === undefined ? {} : { headers }),
    ...(signal === undefined ? {} : { signal }),
    agent: false,
    rejectUnauthorized: false,
    maxHeaderSize: 2_097_152,
  });
  request.once('error', reject);
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', reject);
    response.once('end', () => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      });
    });
  });
  request.end(body);
  return promise;
}
