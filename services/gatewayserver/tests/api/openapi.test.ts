import { getOption } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { Authorization_LevelSchema, authorization } from '@trino-gateway/api/gateway';
import { PATH_FIELD } from '@trino-gateway/api/http-routes';
import { nameOf, PUBLIC_RPCS, ROUTES } from '../support/contract-calls.ts';
import { brokenSchemas, DOCUMENT } from '../support/openapi-answers.ts';

const operations = Object.entries(DOCUMENT.paths).flatMap(([path, verbs]) =>
  Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
);
/** The document calls the id of a path by its last name. */
const documented = (template: string) =>
  template.replaceAll(PATH_FIELD, (_, field: string) => `{${field.split('.').at(-1)}}`);

test('every call of the contract is a REST call', () => {
  const reached = new Set(ROUTES.map(({ rpc }) => rpc));
  expect(PUBLIC_RPCS.filter((rpc) => !reached.has(rpc)).map(nameOf)).toEqual([]);
});

test('no two calls share a method and path', () => {
  const all = ROUTES.map(({ verb, template }) => `${verb} ${template.replaceAll(PATH_FIELD, '*')}`);
  expect(all.filter((one, index) => all.indexOf(one) !== index)).toEqual([]);
});

describe('the OpenAPI document', () => {
  test('lists every call as REST and as Connect, and nothing else', () => {
    expect(operations.toSorted()).toEqual(
      [
        ...ROUTES.map(({ verb, template }) => `${verb} ${documented(template)}`),
        ...PUBLIC_RPCS.map((rpc) => `POST /${rpc.parent.typeName}/${rpc.name}`),
      ].toSorted(),
    );
  });

  test.each(ROUTES.map((route) => [nameOf(route.rpc), route] as const))('%s says who may call it', (_, route) => {
    const level = Authorization_LevelSchema.value[getOption(route.rpc, authorization)]?.name;
    const { rpc, verb, template } = route;
    expect(DOCUMENT.paths[documented(template)]?.[verb.toLowerCase()]?.['x-authorization']).toBe(level);
    expect(DOCUMENT.paths[`/${rpc.parent.typeName}/${rpc.name}`]?.post?.['x-authorization']).toBe(level);
  });

  test('holds valid schemas only', () => {
    expect(brokenSchemas()).toEqual([]);
  });

  test('offers no client the unspecified value', () => {
    expect(JSON.stringify(DOCUMENT.components.schemas)).not.toContain('_UNSPECIFIED');
  });
});
