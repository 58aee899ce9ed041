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

const REFUSALS: Readonly<Record<string, [status: number, description: string]>> = {
  Invalid: [400, 'Not valid, the message names the field; or the state of things does not allow it.'],
  NoToken: [401, 'No token, or not one this gateway knows.'],
  NotAllowed: [403, 'The read token does not open this call.'],
  NotFound: [404, 'There is no such object.'],
  TooLarge: [413, 'The body is too large.'],
  WrongType: [415, 'The body is not of the type application/json.'],
  Unavailable: [503, 'The database or a cluster does not answer now.'],
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
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  const entries = Object.entries(REFUSALS).map(([name, [, description]]) => [name, { description, content }]);
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
      refused.map((name) => [REFUSALS[name]?.[0] ?? 415, { $ref: `#/components/responses/${name}` }]),
    ),
  };
}
