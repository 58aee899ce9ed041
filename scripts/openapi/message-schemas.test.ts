import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BackendSchema,
  ListQueriesRequestSchema,
  PolicySchema,
  QuerySchema,
  WatchSnapshotResponseSchema,
} from '@trino-gateway/api/gateway';
import { MessageSchemas } from './message-schemas.ts';

const schemas = new MessageSchemas();

describe('a field is described as JSON spells it', () => {
  test.each([
    [QuerySchema, 'rows', { type: 'string', format: 'int64', pattern: '^-?[0-9]{1,19}$' }],
    [QuerySchema, 'queued_ms', { type: 'integer', format: 'int32', minimum: -2147483648, maximum: 2147483647 }],
    [QuerySchema, 'submitted_at', expect.objectContaining({ type: 'string', format: 'date-time' })],
    [QuerySchema, 'client_tags', { type: 'array', items: { type: 'string' } }],
    [QuerySchema, 'error', { $ref: '#/components/schemas/Query.Error' }],
    [BackendSchema, 'labels', { type: 'object', additionalProperties: { type: 'string' } }],
    [BackendSchema, 'load_threshold', { type: 'number', format: 'double' }],
    [BackendSchema, 'enabled', { type: 'boolean' }],
    [ListQueriesRequestSchema, 'state', { $ref: '#/components/schemas/Query.State' }],
    [WatchSnapshotResponseSchema, 'refusal_key', { type: 'string', contentEncoding: 'base64' }],
  ])('%s %s', (message, name, expected) => {
    const field = message.fields.find((one) => one.name === name);
    expect(field && schemas.field(field)).toEqual(expected);
  });
});

test('of a oneof at most one may be given', () => {
  const { allOf } = schemas.message(PolicySchema) as { allOf: { oneOf: object[] }[] };
  const names = ['listeningPort', 'host', 'clientTags', 'connectionProperties'];
  const given = names.map((name) => ({ required: [name] }));
  expect(allOf).toEqual([{ oneOf: [...given, { not: { anyOf: given } }] }]);
});

test('no unknown field is let through, and none that is left out', () => {
  const { properties, additionalProperties } = schemas.message(ListQueriesRequestSchema, ['user']) as {
    properties: object;
    additionalProperties: boolean;
  };
  expect(additionalProperties).toBe(false);
  expect(Object.keys(properties)).toEqual(
    ListQueriesRequestSchema.fields.map(({ jsonName }) => jsonName).filter((name) => name !== 'user'),
  );
});

test('a message that is referred to is described once, enums without the unspecified value', () => {
  schemas.ref(QuerySchema);
  schemas.ref(QuerySchema);
  expect(schemas.all()).toMatchObject({
    Query: { type: 'object' },
    'Query.Error': { type: 'object' },
    'Query.State': { type: 'string', enum: ['QUEUED', 'RUNNING', 'FINISHED', 'FAILED', 'UNKNOWN'] },
  });
});

test('a type without a description stops the generation', () => {
  expect(() => schemas.ref(DurationSchema)).toThrow('google.protobuf.Duration has no schema yet');
});
