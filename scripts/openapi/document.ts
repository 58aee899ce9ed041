import type { DescFile } from '@bufbuild/protobuf';
import { commentOf, headComment } from './comments.ts';
import { optionReader } from './contract-options.ts';
import type { Json } from './json.ts';
import { MessageSchemas } from './message-schemas.ts';
import { connectOperation, restOperation } from './operations.ts';
import { ERROR_SCHEMA, refusals } from './responses.ts';

/** The OpenAPI 3.1 document of a file's services: every call but internal ones, as REST and as Connect. */
export function openapiDocument(file: DescFile, allFiles: readonly DescFile[]): Json {
  const factsOf = optionReader(allFiles);
  const schemas = new MessageSchemas();
  const calls = file.services.flatMap(({ methods }) => methods.map(factsOf)).filter(({ internal }) => !internal);
  const operations = [
    ...calls.flatMap((facts) => (facts.route ? [restOperation(facts, facts.route, schemas)] : [])),
    ...calls.map((facts) => connectOperation(facts, schemas)),
  ];
  const paths: Record<string, Json> = {};
  for (const { path, verb, operation } of operations) paths[path] = { ...paths[path], [verb]: operation };
  const services = file.services.filter((service) => calls.some(({ rpc }) => rpc.parent === service));
  return {
    openapi: '3.1.0',
    info: { title: 'Trino gateway', version: 'v1', description: headComment(file) },
    servers: [{ url: '/' }],
    tags: [
      ...services.map((service) => ({ name: service.name, description: commentOf(service) })),
      ...services.map(({ name }) => ({ name: `${name} by Connect`, description: 'The same as POST with JSON.' })),
    ],
    security: [{ authKey: [] }, { bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        authKey: { type: 'apiKey', in: 'header', name: 'X-Auth-Key', description: 'The admin or the read token.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'The same token as Authorization: Bearer.' },
      },
      responses: refusals(),
      schemas: { ...schemas.all(), Error: ERROR_SCHEMA },
    },
  };
}
