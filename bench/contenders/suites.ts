import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import type { Contender } from './contender.ts';

/** Of the backend with a limit. */
export const LIMIT = 16;

/** The suite before coordinators, as users run it: SQLite, history on. */
export type SuiteContenders = AsyncDisposable & {
  suite: Suite;
  /** The processes by their names. */
  parts: Readonly<Record<string, number>>;
  /** From the start of the first process until all are ready. */
  readySeconds: number;
  /** Plain and with TLS; the second one leads to a group with a limit. */
  free: Contender;
  limited: Contender;
};

/** With these workers of its router, before one coordinator without a limit and another one with: what two backends of one coordinator run counts for both. */
export async function startSuiteContenders(
  name: string,
  workers: number,
  urls: { free: string; limited: string },
): Promise<SuiteContenders> {
  await using started = new AsyncDisposableStack();
  const began = performance.now();
  const suite = started.use(
    await startSuite({
      workers,
      listeners: 2,
      tls: true,
      gatewayserver: { DEFAULT_GROUP: 'free' },
      router: { EXPLAIN_HEADERS: 'false' },
    }),
  );
  const readySeconds = (performance.now() - began) / 1_000;
  await suite.addBackends({ free: urls.free });
  await suite.addGroup('free', ['free']);
  await suite.addBackends({ limited: urls.limited }, { maxRunningQueries: LIMIT });
  await suite.addGroup('limited', ['limited']);
  const { gatewayserver, monitor, router } = suite;
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'limited', listeningPort: router.ports[1], groupId: 'limited' },
  });
  const parts = { gatewayserver: gatewayserver.pid, monitor: monitor.pid, router: router.pid };
  const pids = Object.values(parts);
  const tls = { url: router.tlsUrl, ca: suite.authority.file };
  const owned = started.move();
  return {
    suite,
    parts,
    readySeconds,
    free: { name, url: router.url, tls, pids, warmsUp: true },
    limited: { name: `${name}, limit ${LIMIT}`, url: router.urls[1] ?? '', pids, warmsUp: true },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
