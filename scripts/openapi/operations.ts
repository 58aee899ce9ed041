import type { DescField, DescMethod } from '@bufbuild/protobuf';
import { type HttpRoute, PATH_FIELD, queryFields } from '@trino-gateway/api/http-routes';
import { commentOf } from './comments.ts';
import type { RpcFacts } from './contract-options.ts';
import { EXAMPLE_IDS, EXAMPLES } from './examples.ts';
import type { Json } from './json.ts';
import type { MessageSchemas } from './message-schemas.ts';
import { responses } from './responses.ts';

const ID_PATTERN = '^[A-Za-z0-9._-]{1,128}$';
const NEEDS: Readonly<Record<string, string>> = {
  OPEN: 'Open to everybody.',
  READ: 'Needs the read or the admin token, unless reads are open (`gatewayserver.open_reads`).',
  ADMIN: 'Needs the admin token.',
};

/** One operation and where it is found. */
export type Operation = { path: string; verb: string; operation: Json };

/** The call of an RPC as REST. */
export function restOperation(facts: RpcFacts, route: HttpRoute, schemas: MessageSchemas): Operation {
  const { rpc } = facts;
  const hasBody = route.body !== '';
  const parameters = [
    ...route.pathFields.map((path) => pathParameter(path, EXAMPLE_IDS[rpc.parent.name] ?? 'a')),
    ...queryFields(route).map((field) => queryParameter(field, schemas)),
  ];
  const refused = [...(parameters.length > 0 || hasBody ? ['Invalid'] : []), 'NoToken', 'NotAllowed'];
  if (route.pathFields.length > 0 || namesVersion(rpc)) refused.push('NotFound');
  if (putsVersion(rpc)) refused.push('Conflict');
  if (hasBody) refused.push('TooLarge', 'WrongType');
  return {
    // One template for all verbs of a path, whatever the request calls the id.
    path: route.template.replaceAll(PATH_FIELD, (_, field: string) => `{${lastName(field)}}`),
    verb: route.verb.toLowerCase(),
    operation: {
      operationId: `${rpc.parent.name}_${rpc.name}`,
      tags: [rpc.parent.name],
      ...texts(facts),
      ...(parameters.length > 0 && { parameters }),
      ...(hasBody && { requestBody: requestBody(route, schemas) }),
      responses: responses(schemas.ref(rpc.output), [...refused, 'Unavailable']),
      'x-authorization': facts.level,
    },
  };
}

/** The same RPC as a Connect call. */
export function connectOperation(facts: RpcFacts, schemas: MessageSchemas): Operation {
  const { rpc } = facts;
  const refused = ['Invalid', 'NoToken', 'NotAllowed', 'NotFound', 'WrongTypeOfCall', 'Unavailable'];
  if (putsVersion(rpc)) refused.push('Conflict');
  return {
    path: `/${rpc.parent.typeName}/${rpc.name}`,
    verb: 'post',
    operation: {
      operationId: `${rpc.parent.name}_${rpc.name}_Connect`,
      tags: [`${rpc.parent.name} by Connect`],
      ...texts(facts),
      requestBody: { required: true, content: { 'application/json': { schema: schemas.ref(rpc.input) } } },
      responses: responses(schemas.ref(rpc.output), refused),
      'x-authorization': facts.level,
    },
  };
}

/** It asks for a version, which may be none of those that are kept. */
function namesVersion({ input }: DescMethod): boolean {
  return input.fields.some(({ name }) => /(^|_)version$/.test(name));
}

/** What it puts has the version that it was read at, which may not stand any more. */
function putsVersion({ name, input }: DescMethod): boolean {
  return (
    name.startsWith('Put') &&
    input.fields.some(({ message }) => message?.fields.some((field) => field.name === 'version'))
  );
}

function texts({ rpc, level }: RpcFacts): Json {
  const comment = commentOf(rpc);
  return {
    summary: rpc.name.replaceAll(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    description: [comment, NEEDS[level]].filter(Boolean).join('\n\n'),
    ...(level === 'OPEN' && { security: [] }),
  };
}

function requestBody(route: HttpRoute, schemas: MessageSchemas): Json {
  const { rpc, body, pathFields } = route;
  const field = rpc.input.fields.find(({ name }) => name === body);
  const given = pathFields.length === 0 ? schemas.ref(rpc.input) : schemas.message(rpc.input, pathFields);
  const schema = field?.message ? schemas.ref(field.message) : given;
  const example = EXAMPLES[rpc.name];
  return {
    required: body !== '*',
    content: { 'application/json': { schema, ...(example && { example }) } },
  };
}

function pathParameter(path: string, example: string): Json {
  const schema = { type: 'string', pattern: ID_PATTERN };
  return { name: lastName(path), in: 'path', required: true, schema, example };
}

function queryParameter(field: DescField, schemas: MessageSchemas): Json {
  const { description, ...schema } = schemas.field(field);
  return { name: field.jsonName, in: 'query', ...(description !== undefined && { description }), schema };
}

function lastName(path: string): string {
  return path.split('.').at(-1) ?? path;
}
