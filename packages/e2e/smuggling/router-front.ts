import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import type { Front } from './front.ts';
import { type Connect, overTcp, overTls } from './wire/raw-client.ts';
import { startRecorder } from './wire/recorder.ts';

export type RouterFront = Front &
  AsyncDisposable & {
    readonly suite: Suite;
    /** Its port with TLS: for clients of HTTP/1.1, and of HTTP/2. */
    readonly secured: Front;
    readonly secured2: Front;
  };

export type RouterFrontOptions = {
  /** Further settings of the router. */
  router?: Record<string, string>;
  /** How its clients connect; default by TCP to its first port. */
  connect?: (suite: Suite) => Connect;
};

/** The three processes in front of two recording coordinators: one for what clients send, one that answers what it is told to. */
export async function startRouterFront({ router = {}, connect }: RouterFrontOptions = {}): Promise<RouterFront> {
  await using started = new AsyncDisposableStack();
  const requests = started.use(await startRecorder('rqsts'));
  const answers = started.use(await startRecorder('answr'));
  const suite = started.use(
    await startSuite({
      tls: true,
      gatewayserver: { DEFAULT_GROUP: 'requests' },
      router: { POLL_TIME_LIMIT: '8s', ...router },
    }),
  );
  await suite.addBackends({ requests: requests.url, answers: answers.url });
  await suite.addGroup('requests', ['requests']);
  const [port = 0] = suite.router.ports;
  const { host, port: tlsPort } = new URL(suite.router.tlsUrl);
  const secured = { name: 'router over TLS', authority: host, requests, answers };
  const owned = started.move();
  return {
    name: 'router',
    authority: `127.0.0.1:${port}`,
    connect: connect?.(suite) ?? overTcp(port),
    requests,
    answers,
    secured: { ...secured, connect: overTls(Number(tlsPort), suite.authority.cert) },
    secured2: { ...secured, connect: overTls(Number(tlsPort), suite.authority.cert, 'h2') },
    suite,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
