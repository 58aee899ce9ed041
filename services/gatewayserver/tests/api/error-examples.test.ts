import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { errorExamples } from '../support/openapi-answers.ts';

const DATABASE_AWAY = 'the database does not answer: try again later';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ admin_token: 'admin-secret', read_token: 'read-secret' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const ADMIN = { 'x-auth-key': 'admin-secret' };
const JSON_BODY = { 'content-type': 'application/json' };

async function answer(method: string, path: string, headers: Record<string, string>, body?: string) {
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return { status: response.status, body: await response.json() };
}

/** By response of the document: what brings it about. */
const CAUSES: Record<string, () => Promise<{ status: number; body: unknown }>> = {
  Invalid: () => answer('PUT', 'backends/blue', { ...ADMIN, ...JSON_BODY }, '{"url": "trino-blue:8080"}'),
  NoToken: () => answer('GET', 'backends/blue', {}),
  NotAllowed: () => answer('DELETE', 'backends/blue', { 'x-auth-key': 'read-secret' }),
  NotFound: () => answer('GET', 'backends/blue', ADMIN),
  Conflict: () => answer('PUT', 'routing-chain', { ...ADMIN, ...JSON_BODY }, '{"steps": [], "version": 7}'),
  TooLarge: () =>
    answer('PUT', 'backends/blue', { ...ADMIN, ...JSON_BODY }, JSON.stringify({ url: 'x'.repeat(20_000_000) })),
  WrongType: () => answer('PUT', 'backends/blue', { ...ADMIN, 'content-type': 'text/plain' }, '{}'),
};

/** What an outage brings about: process/outage.test.ts. */
const OF_OUTAGES = ['Unavailable'];

test.each(Object.entries(errorExamples()))(
  '%s: the example of the document is what is answered',
  async (name, example) => {
    if (OF_OUTAGES.includes(name)) return expect(example).toEqual({ code: 'unavailable', message: DATABASE_AWAY });
    expect((await CAUSES[name]?.())?.body).toEqual(example);
  },
);
