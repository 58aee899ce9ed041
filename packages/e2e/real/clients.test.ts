import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type ClientName, clientNames } from '../client-matrix/clients.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { type RealClusters, startRealClusters } from './real-clusters.ts';

// Every real client through the router, exactly as directly, for both kinds of cluster: the first listener leads to the
// cluster that trusts X-Forwarded-*, the second to the one that answers 406 to them, the third to that one as a DIRECT backend.
let clusters: RealClusters;
let suite: Suite;

beforeAll(async () => {
  clusters = await startRealClusters();
  suite = await startSuite({ listeners: 3 });
  await suite.addBackends({ accepting: clusters.accepting.url, rejecting: clusters.rejecting.url });
  await suite.addBackends({ direct: clusters.rejecting.url }, { forwarding: 'DIRECT' });
  for (const [index, kind] of (['accepting', 'rejecting', 'direct'] as const).entries()) {
    await suite.addGroup(kind, [kind]);
    await suite.call('PolicyService/PutPolicy', {
      policy: { id: kind, listeningPort: suite.router.ports[index], groupId: kind },
    });
  }
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await clusters?.[Symbol.asyncDispose]();
}, 60_000);

const kinds = ['trusts forwarded headers', 'refuses forwarded headers', 'it polls itself'];
// PAIRS=some leaves out the middle one, where clients-waiting.test.ts takes all clients, too.
const tried = kinds
  .map((kind, listener) => [kind, listener] as const)
  .filter(([, at]) => process.env.PAIRS !== 'some' || at !== 1);
const all = clientNames.flatMap((client) =>
  tried.map(([kind, listener]): [ClientName, string, number] => [client, kind, listener]),
);

test.each(all)('%s gets what a direct run gives, from a cluster that %s', async (client, _, listener) => {
  const results = await Array.fromAsync(
    runClientMatrix({
      url: suite.router.urls[listener] ?? '',
      user: 'client-matrix',
      only: [client],
      backends: [clusters.accepting.url, clusters.rejecting.url],
      ...(listener === 2 ? { directUrl: clusters.rejecting.url } : {}),
    }),
  );
  process.stderr.write(`${client}: ${results.map(({ name, outcome }) => `${name} ${outcome}`).join(', ')}\n`);
  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(results.some(({ outcome, name }) => outcome === 'passed' || name === 'all')).toBe(true);
});
