import { type DescMethod, getOption, ScalarType } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Authorization_Level, authorization } from '@trino-gateway/api/gateway';
import { type HttpRoute, PATH_FIELD } from '@trino-gateway/api/http-routes';
import { type BadRequest, missing, tooLong, wrongTypes } from '../support/bad-requests.ts';
import {
  CALLS,
  isQueryField,
  type Message,
  nameOf,
  PUBLIC_RPCS,
  ROUTES,
  restCall,
  storeObjects,
} from '../support/contract-calls.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { deviation } from '../support/openapi-answers.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

type Answer = { status: number; code?: string; message?: string; allow: string | null; deviates: string };

const ADMIN = { 'x-auth-key': 'admin-secret' };
const JSON_TYPE = { 'content-type': 'application/json' };

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ admin_token: 'admin-secret', read_token: 'read-secret' });
  await storeObjects(server, ADMIN);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | undefined,
  documented: string,
): Promise<Answer> {
  const answer = await fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  const json: { code?: string; message?: string } = text === '' ? {} : JSON.parse(text);
  const isKnown = answer.status !== 405;
  return {
    ...json,
    status: answer.status,
    allow: answer.headers.get('allow'),
    deviates: isKnown
      ? deviation(documented, documented.startsWith('/api/') ? method : 'POST', answer.status, json)
      : '',
  };
}

/** The refusals that are not INVALID_ARGUMENT, or do not name the field. */
async function unnamed(bad: readonly BadRequest[], send: (request: Message) => Promise<Answer>): Promise<string[]> {
  const found: string[] = [];
  for (const { field, request } of bad) {
    const { status, code, message = '', deviates } = await send(request);
    const named = message.split('; ').some((problem) => problem.startsWith(field));
    if (status !== 400 || code !== 'invalid_argument' || !named || deviates !== '')
      found.push(`${field}: ${status} ${code} ${message} ${deviates}`);
  }
  return found;
}

describe.each(PUBLIC_RPCS.map((rpc) => [nameOf(rpc), rpc] as const))('%s by Connect', (name, rpc) => {
  const path = `/trinogateway.v1.${name}`;
  const request = CALLS[name]?.request ?? {};
  const send = (message: unknown, headers: Record<string, string> = { ...JSON_TYPE, ...ADMIN }, method = 'POST') =>
    ask(method, path, headers, method === 'GET' ? undefined : JSON.stringify(message), path);

  test('names each field of a wrong type', async () => {
    expect(await unnamed(wrongTypes(rpc), send)).toEqual([]);
  });

  test('names each text that is too long', async () => {
    expect(await unnamed(tooLong(rpc), send)).toEqual([]);
  });

  test('names each field that is missing', async () => {
    expect(await unnamed(missing(rpc), send)).toEqual([]);
  });

  test('names an unknown field', async () => {
    const { status, message } = await send({ ...request, noSuchField: 1 });
    expect([status, message]).toEqual([400, 'noSuchField: unknown field']);
  });

  test('refuses another method and another content type', async () => {
    const { status, allow, message } = await send(request, { ...JSON_TYPE, ...ADMIN }, 'PUT');
    expect([status, allow, message]).toEqual([
      405,
      expect.stringContaining('POST'),
      expect.stringContaining('expected one of the methods'),
    ]);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])
      expect(await send(request, { 'content-type': type, ...ADMIN })).toMatchObject({
        status: 415,
        code: 'invalid_argument',
        message: expect.stringContaining('content-type: expected application/json'),
        deviates: '',
      });
  });

  test('refuses callers without the right token', async () => {
    const withToken = (token: Record<string, string>) => send(request, { ...JSON_TYPE, ...token });
    expect(await refusals(rpc, withToken)).toEqual([]);
  });
});

describe.each(ROUTES.map((route) => [nameOf(route.rpc), route] as const))('%s as REST', (name, route) => {
  const { rpc, template } = route;
  const request = CALLS[name]?.request ?? {};
  const documented = template.replaceAll(PATH_FIELD, (_, field: string) => `{${field.split('.').at(-1)}}`);
  const send = (message: Message, headers: Record<string, string> = ADMIN) => {
    const { method, path, body } = restCall(route, message);
    const typed = body === undefined ? headers : { ...JSON_TYPE, ...headers };
    return ask(method, path, typed, body === undefined ? undefined : JSON.stringify(body), documented);
  };

  test('names each field of a wrong type', async () => {
    expect(await unnamed(wrongTypes(rpc).filter(canBeSent(route)), send)).toEqual([]);
  });

  test('names each text that is too long', async () => {
    expect(await unnamed(tooLong(rpc), send)).toEqual([]);
  });

  test('names each field that is missing', async () => {
    // A path without its id is another path; the whole body is missed by its parts.
    const left = missing(rpc).filter(({ field }) => !route.pathFields.includes(field) && field !== route.body);
    expect(await unnamed(left, send)).toEqual([]);
  });

  test('names an unknown field', async () => {
    const { status, message } = await send({ ...request, noSuchField: 1 });
    const kind = route.body === '*' ? 'field' : 'query parameter';
    expect([status, message]).toEqual([400, `noSuchField: unknown ${kind}`]);
  });

  test('refuses another method and another content type', async () => {
    const { method, path, body } = restCall(route, request);
    const patched = await ask('PATCH', path, ADMIN, undefined, documented);
    expect([patched.status, patched.code]).toEqual([405, 'unimplemented']);
    expect(patched.allow?.split(', ')).toContain(method);
    if (method === 'GET') return;
    const plain = { 'content-type': 'text/plain', ...ADMIN };
    expect(await ask(method, path, plain, JSON.stringify(body ?? 'x'), documented)).toMatchObject({ status: 415 });
  });

  test('refuses callers without the right token', async () => {
    expect(await refusals(rpc, (token) => send(request, token))).toEqual([]);
  });
});

/** What the gate lets through or refuses against the level of the call. */
async function refusals(
  rpc: DescMethod,
  withToken: (token: Record<string, string>) => Promise<Answer>,
): Promise<string[]> {
  const level = getOption(rpc, authorization);
  const wrong: string[] = [];
  const expectStatus = async (token: Record<string, string>, refused: number | undefined) => {
    const { status, deviates } = await withToken(token);
    const asExpected = refused ? status === refused : status !== 401 && status !== 403;
    if (!asExpected || deviates !== '') wrong.push(`${JSON.stringify(token)}: ${status} ${deviates}`);
  };
  await expectStatus({}, 401);
  await expectStatus({ 'x-auth-key': 'wrong' }, 401);
  await expectStatus({ authorization: 'Bearer wrong' }, 401);
  await expectStatus({ authorization: 'Basic admin-secret' }, 401);
  await expectStatus({ 'x-auth-key': 'read-secret' }, level === Authorization_Level.READ ? undefined : 403);
  return wrong;
}

/** In a query and a path everything is text, and a body that is no object is a wrong body. */
function canBeSent(route: HttpRoute): (bad: BadRequest) => boolean {
  return ({ field, top }) => {
    if (route.pathFields.includes(field) || field === route.body) return false;
    return !isQueryField(route, top) || top.scalar !== ScalarType.STRING;
  };
}
