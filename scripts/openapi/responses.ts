import type { Json } from './json.ts';

const CODES = [
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
];

type ErrorExample = { code: string; message: string };
type Refusal = { status: number; description: string; example: ErrorExample };

/** The examples are what a gatewayserver really answers: services/gatewayserver/tests/api/error-examples.test.ts. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  Invalid: {
    status: 400,
    description: 'Not valid, the message names the field; or the state of things does not allow it.',
    example: {
      code: 'invalid_argument',
      message:
        'backend.url: expected an http or https URL with a host and no path, user, query or fragment, got "trino-blue:8080"',
    },
  },
  NoToken: {
    status: 401,
    description: 'No token, or not one this gateway knows.',
    example: {
      code: 'unauthenticated',
      message: 'this call needs a token: send it as "X-Auth-Key: <token>" or "Authorization: Bearer <token>"',
    },
  },
  NotAllowed: {
    status: 403,
    description: 'The read token does not open this call.',
    example: {
      code: 'permission_denied',
      message: 'the read token does not open this call: use the admin token',
    },
  },
  NotFound: {
    status: 404,
    description: 'There is no such object.',
    example: { code: 'not_found', message: 'there is no backend "blue"' },
  },
  Conflict: {
    status: 409,
    description: 'Somebody has changed it since it was read; nothing was stored.',
    example: {
      code: 'aborted',
      message:
        'the routing chain is at version 0 by now, not at 7 as it was read: nothing was stored; read it again, see what changed (compare 7 with 0), and put your changes with version 0',
    },
  },
  TooLarge: {
    status: 413,
    description: 'The body is too large.',
    example: { code: 'resource_exhausted', message: 'body: expected at most 16777216 bytes' },
  },
  WrongType: {
    status: 415,
    description: 'The body is not of the type application/json.',
    example: {
      code: 'invalid_argument',
      message: 'content-type: expected application/json in UTF-8, got "text/plain"',
    },
  },
  Unavailable: {
    status: 503,
    description: 'The database or a cluster does not answer now.',
    example: { code: 'unavailable', message: 'the database does not answer: try again later' },
  },
};

/** How errors look: Connect's JSON, on every path. */
export const ERROR_SCHEMA: Json = {
  description: 'An error.',
  type: 'object',
  required: ['code'],
  properties: {
    code: { type: 'string', enum: CODES },
    message: {
      type: 'string',
      description: 'For people. Of invalid_argument each problem as "field: what was expected".',
    },
    details: { type: 'array', items: { type: 'object' } },
  },
  additionalProperties: false,
};

/** The refusals that operations refer to. */
export function refusals(): Json {
  const schema = { $ref: '#/components/schemas/Error' };
  const entries = Object.entries(REFUSALS).map(([name, { description, example }]) => [
    name,
    { description, content: { 'application/json': { schema, example } } },
  ]);
  // Connect itself answers this one, with nothing.
  return {
    ...Object.fromEntries(entries),
    WrongTypeOfCall: { description: 'The body is not of the type application/json.' },
  };
}

/** An answer and the refusals of one operation, by status. */
export function responses(schema: Json, refused: readonly string[]): Json {
  return {
    200: { description: 'The answer.', content: { 'application/json': { schema } } },
    ...Object.fromEntries(
      refused.map((name) => [REFUSALS[name]?.status ?? 415, { $ref: `#/components/responses/${name}` }]),
    ),
  };
}
