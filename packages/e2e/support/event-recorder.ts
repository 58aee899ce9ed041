import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What of an event of Trino's HTTP event listener tests compare. */
export type TrinoEvent = {
  metadata: { queryId: string; query: string; queryState: string };
  context: { user: string; source?: string; queryType?: string };
  failureInfo?: { errorCode: { name: string; code: number } };
};

/** Stands between the event listener of a cluster and gatewayservers, keeps every event and passes it on. */
export type EventRecorder = AsyncDisposable & {
  /** Where the listener posts to. */
  readonly url: string;
  readonly events: readonly TrinoEvent[];
  /** Where events go from now on. */
  passOnTo(urls: readonly string[]): void;
  /** From now on none goes anywhere. */
  keepBack(): void;
  /** Those that were kept back go on, each so often, and later ones at once. */
  release(times: number): Promise<void>;
};

type Posted = { body: string; headers: Record<string, string> };

/** Starts it. */
export async function startEventRecorder(): Promise<EventRecorder> {
  const events: TrinoEvent[] = [];
  let targets: readonly string[] = [];
  let kept: Posted[] | undefined;
  const pass = ({ body, headers }: Posted) =>
    Promise.all(
      targets.map(async (target) => {
        const init = { method: 'POST', body, headers, signal: AbortSignal.timeout(60_000) };
        const answer = await fetch(`${target}/v1/trino/events`, init);
        if (!answer.ok) throw new Error(`an event was answered ${answer.status} ${await answer.text()}`);
      }),
    );
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const [key, type] = [request.headers['x-auth-key'], request.headers['content-type']];
    const posted = { body, headers: { 'x-auth-key': String(key), 'content-type': String(type) } };
    events.push(JSON.parse(body) as TrinoEvent);
    if (kept !== undefined) kept.push(posted);
    // The listener repeats what is not answered well.
    const isPassedOn = kept !== undefined || (await pass(posted).then(Boolean, () => false));
    response.writeHead(isPassedOn ? 200 : 503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    events,
    passOnTo: (urls) => {
      targets = urls;
    },
    keepBack: () => {
      kept ??= [];
    },
    release: async (times) => {
      const all = kept ?? [];
      kept = undefined;
      for (const posted of all) for (let time = 0; time < times; time += 1) await pass(posted);
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
