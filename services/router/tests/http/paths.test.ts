import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { classifyRequest } from '@trino-gateway/trino';
import { ask, user } from '../support/client.ts';
import { startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';
import { in476, in483, inBoth } from './trino-resources.ts';

// The table in docs/routers.md, compared with what Trino serves and with what the router does.
const docs = readFileSync(join(import.meta.dirname, '../../../../docs/routers.md'), 'utf8');
const table = [...docs.matchAll(/^\| `([A-Z,]+) (\/\S*)` +\| ([^|]*?) *\| (served|\d{3})(?:, |: )[^|]*\|$/gm)].map(
  ([, methods = '', path = '', trino = '', outcome = '']) => ({ methods: methods.split(','), path, trino, outcome }),
);
const id = '20261121_072228_00317_nitsd';
const examples = new Map([
  ['{id}', id],
  ['{slug}', 'yd4443010cf909c76feb3ccf9f42d992659d83d85'],
  ['{token}', '1'],
  ['{stage}', '0'],
  ['{path}', 'assets/index.js'],
]);
const patternOf = (path: string) =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace('**', '.*')
      .replace(/\{\w+\}/g, '[^/]+')}$`,
  );

/** A request for a resource as Trino declares it: its ids stand where the protocol has others, too. */
function example(resource: string): { method: string; target: string } {
  const [method = '', path = ''] = resource.split(' ');
  const parts = path.replace(
    /^(\/v1\/statement\/.*?)\/\{id\}(\/\{id\})?\/\{id\}\/\{id\}$/,
    (_, start: string, stage = '') => `${start}/{id}${stage === '' ? '' : '/{stage}'}/{slug}/{token}`,
  );
  return { method, target: parts.replace(/\{\w+\}/g, (name) => examples.get(name) ?? name) };
}

/** What the router makes of it. */
function outcomeOf(method: string, target: string): string {
  const asked = classifyRequest({ method, target });
  if (asked.kind === 'queryList') return '404';
  return asked.kind === 'refused' ? String(asked.status) : 'served';
}

const resources = Object.entries({ all: inBoth, 'to 482': in476, '483': in483 }).flatMap(([trino, lines]) =>
  lines
    .trim()
    .split('\n')
    .map((resource) => [resource, trino] as const),
);

test.each(resources)('the table says what becomes of %s (%s)', (resource, trino) => {
  const { method, target } = example(resource);
  const row = table.find(({ methods, path }) => methods.includes(method) && patternOf(path).test(target));
  expect({ resource, outcome: row?.outcome }).toEqual({ resource, outcome: outcomeOf(method, target) });
  if (trino === '483') expect(row?.trino).not.toBe('to 482');
});

test('each row of the table is what the router does, and is of Trino', () => {
  expect(table.length).toBeGreaterThan(25);
  for (const { methods, path, outcome } of table)
    for (const method of methods) {
      const target = path.replace('**', 'x').replace(/\{\w+\}/g, (name) => examples.get(name) ?? name);
      expect([method, path, outcomeOf(method, target)]).toEqual([method, path, outcome]);
    }
  const known = resources.map(([resource]) => example(resource).target);
  for (const { path } of table)
    expect([path, known.some((target) => patternOf(path).test(target))]).toEqual([path, true]);
});

test('what is refused reaches no cluster, and what methods a path takes is answered here', async () => {
  await using stub = await startStub((_request, response) => response.end('[]'));
  await using router = await startTestbed({ clusters: { stub } });
  for (const { methods, path, outcome } of table.filter((row) => row.outcome !== 'served')) {
    const target = path.replace('**', 'x').replace(/\{\w+\}/g, (name) => examples.get(name) ?? name);
    const { status } = await ask(router.url + target, { method: methods[0] ?? '', headers: user });
    expect([path, String(status)]).toEqual([path, outcome]);
  }
  const { status, headers, text } = await ask(`${router.url}/v1/statement`, { method: 'OPTIONS' });
  expect([status, headers.allow, text]).toEqual([200, 'HEAD,POST,OPTIONS', '']);
  expect(headers['access-control-allow-origin']).toBeUndefined();
  expect(stub.requests).toEqual([]);
});

test('the workers of the cluster a query would go to are its own answer', async () => {
  await using stub = await startStub((request, response) => response.end(request.url));
  await using router = await startTestbed({ clusters: { stub } });
  const reply = await ask(`${router.url}/v1/node`, { headers: user });
  expect([reply.status, reply.text]).toEqual([200, '/v1/node']);
  expect(stub.requests[0]?.headers['x-trino-user']).toBe('alice');
});
