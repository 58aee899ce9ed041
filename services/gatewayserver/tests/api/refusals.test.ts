import { expect, test } from '@jest/globals';
import { reportStatus, serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

test('a refusal gives clients the name of each backend and the kind of its failure, or the words of an operator; Decide gives the details', async () => {
  await reportStatus(server, 'one', {
    healthy: false,
    state: 'UNREACHABLE',
    reason: 'connect ECONNREFUSED 10.11.12.13:8080; getaddrinfo ENOTFOUND trino.internal',
  });
  await server.ok('BackendService/MarkUnhealthy', { id: 'two', reason: 'upgrade until noon' });
  await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', listeningPort: 8443, groupId: 'both' } });
  const asked = { listeningPort: 8443, statement: 'SELECT 1' };
  const { refusal } = await server.ok('RoutingService/Route', { ...asked, submissionId: 's', routerId: 'r' });
  expect(refusal).toMatch(
    /one: it is not healthy \(UNREACHABLE\); two: an operator marked it unhealthy until .*: upgrade until noon/,
  );
  expect(refusal).not.toMatch(/10\.11|internal|ECONN/);
  const decided = JSON.stringify(await server.ok('RoutingService/Decide', asked));
  for (const detail of ['10.11.12.13:8080', 'trino.internal', 'upgrade until noon']) expect(decided).toContain(detail);
});
