import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createMessageReader } from '../smuggling/wire/message-reader.ts';

/** Header lines as they go over the wire, in Latin-1, and a body. */
export type RawRequest = { lines: readonly string[]; body: string | Buffer };

type RawAnswer = { status: number; text: string };

/** Posts these very bytes, as no HTTP client would, to `/v1/statement` of an address. */
export function postRaw(url: string, { lines, body }: RawRequest): Promise<RawAnswer> {
  const { host, hostname, port } = new URL(url);
  const bytes = Buffer.from(body as string);
  const framing = [`Host: ${host}`, 'Connection: close', `Content-Length: ${bytes.length}`];
  const head = ['POST /v1/statement HTTP/1.1', ...framing, ...lines, '', ''].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    // Clusters and the router need not frame a body alike.
    const reader = createMessageReader({
      kind: 'answer',
      onMessage: ({ start, body }) =>
        resolve({ status: Number(start.split(' ')[1]), text: Buffer.from(body, 'latin1').toString() }),
    });
    socket.setEncoding('latin1').on('data', (part: string) => reader.push(part));
    socket.on('error', reject);
    socket.on('close', () => {
      reader.end();
      reject(new Error(reader.fault() ?? `an answer that is not whole: ${reader.rest()}`));
    });
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
  });
}

/** What of a session Trino says in `/v1/query/{id}`. */
export type TrinoSession = Record<string, unknown> & { user: string; source?: string; clientTags: string[] };

/** What Trino made of a request; a status when it would not take it. */
export type TrinoReading =
  | { refusal: RawAnswer }
  | {
      refusal?: undefined;
      id: string;
      session: TrinoSession;
      /** The statement as it came. */
      query: string;
      error: { errorName: string; message: string } | undefined;
      value: unknown;
      updateType: string | undefined;
    };

type Page = {
  id: string;
  nextUri?: string;
  data?: unknown[][];
  updateType?: string;
  error?: { errorName: string; message: string };
};

/** Posts a request to `url` and follows the query to its end; `trinoUrl` is asked what it was. */
export async function readByTrino(url: string, request: RawRequest, trinoUrl = url): Promise<TrinoReading> {
  const answer = await postRaw(url, request);
  if (answer.status !== 200) return { refusal: answer };
  let page = JSON.parse(answer.text) as Page;
  let value: unknown;
  while (page.nextUri !== undefined) {
    page = (await (await fetch(page.nextUri)).json()) as Page;
    value ??= page.data?.[0]?.[0];
  }
  const { id, error, updateType } = page;
  const looked = await fetch(`${trinoUrl}/v1/query/${id}`, { headers: { 'x-trino-user': 'e2e-looks' } });
  const { session, query } = (await looked.json()) as { session: TrinoSession; query: string };
  return { id, session, query, error, value, updateType };
}

/** Reads requests as our listeners do; says `undefined` where they would not take the bytes. */
export type NodeReader = AsyncDisposable & {
  read(request: RawRequest): Promise<{ rawHeaders: string[]; body: Buffer } | undefined>;
};

/** Starts it. */
export async function startNodeReader(): Promise<NodeReader> {
  const server: Server = createServer({ maxHeaderSize: 2_097_152 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const read = { rawHeaders: request.rawHeaders, body: Buffer.concat(chunks).toString('hex') };
      response.end(JSON.stringify(read));
    });
  });
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    read: async (request) => {
      const { status, text } = await postRaw(url, request);
      if (status !== 200) return undefined;
      const { rawHeaders, body } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as {
        rawHeaders: string[];
        body: string;
      };
      return { rawHeaders, body: Buffer.from(body, 'hex') };
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
