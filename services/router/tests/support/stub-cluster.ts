import http from 'node:http';

/** A cluster that answers as a test says, and counts its open requests. */
export type Stub = AsyncDisposable & { url: string; open(): number; requests: http.IncomingMessage[] };

export async function startStub(handle: http.RequestListener, options: http.ServerOptions = {}): Promise<Stub> {
  let open = 0;
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer({ maxHeaderSize: 4_000_000, ...options }, (request, response) => {
    open += 1;
    requests.push(request);
    response.on('error', () => {});
    response.once('close', () => {
      open -= 1;
    });
    handle(request, response);
  });
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    open: () => open,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The first page of a query, as a coordinator at this address with this Host makes it. */
export function firstPage(request: http.IncomingMessage, id = '20261121_080808_00130_93wed', more = ''): string {
  const proto = request.headers['x-forwarded-proto'] ?? 'http';
  const host = request.headers['x-forwarded-host'] ?? request.headers.host;
  const origin = `${proto}://${host}`;
  return `{"id":"${id}","infoUri":"${origin}/ui/query.html?${id}","nextUri":"${origin}/v1/statement/queued/${id}/ya1b2/1",${more}"stats":{"state":"QUEUED"},"warnings":[]}`;
}

export function answerJson(response: http.ServerResponse, body: string, headers: readonly string[] = []): void {
  response.writeHead(200, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    ...headers,
  ]);
  // Node writes the head as UTF-8 when the body is a string.
  response.end(Buffer.from(body));
}

/** An address where nothing listens. */
export async function deadUrl(): Promise<string> {
  const stub = await startStub(() => {});
  await stub[Symbol.asyncDispose]();
  return stub.url;
}
