import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { overTcp, overTls } from '../smuggling/wire/raw-client.ts';
import { soakScript } from './clients/statements.ts';
import type { Ways } from './clients/ways.ts';

/** The suite in front of two scripted clusters, one of them in a group with a limit. */
export type Stage = AsyncDisposable & {
  suite: Suite;
  clusters: readonly { id: string; trino: ScriptedTrino }[];
  ways: Ways;
};

const LIMIT = 4;
/** Longer than a client here is away on a busy machine; what is left behind must be given up soon. */
const ABANDONED_MS = 15_000;

export async function startStage(): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const start = () =>
    startScriptedTrino({
      clientTimeoutMs: ABANDONED_MS,
      recordLimit: 0,
      script: ({ statement }) => soakScript(statement),
    });
  const [free, limited] = [started.use(await start()), started.use(await start())];
  const suite = started.use(
    await startSuite({ workers: 1, listeners: 2, tls: true, gatewayserver: { DEFAULT_GROUP: 'free' } }),
  );
  await suite.addBackends({ free: free.url });
  await suite.addGroup('free', ['free']);
  await suite.addBackends({ limited: limited.url }, { maxRunningQueries: LIMIT });
  await suite.addGroup('limited', ['limited']);
  const [port = 0, limitedPort = 0] = suite.router.ports;
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'limited', listeningPort: limitedPort, groupId: 'limited' },
  });
  const tlsPort = Number(new URL(suite.router.tlsUrl).port);
  const owned = started.move();
  return {
    suite,
    clusters: [
      { id: 'free', trino: free },
      { id: 'limited', trino: limited },
    ],
    ways: { free: overTcp(port), tls: overTls(tlsPort, suite.authority.cert), limited: overTcp(limitedPort) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
