import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, RouteResponseSchema } from '@trino-gateway/api/gateway';
import { rememberRoutes } from './given-routes.ts';
import { bytesOf } from './written-once.ts';

const backend = create(BackendSchema, { id: 'b', url: 'http://b.example' });
type Routed = { outcome: { kind: string; backend?: { url: string }; groupId?: string }; leased: boolean };

const chosen = (fields: object = {}, rest: object = {}) =>
  ({
    outcome: {
      kind: 'chosen',
      backend,
      groupId: 'g',
      decidedBy: 'policy p',
      authDelegated: false,
      reasons: [],
      ...fields,
    },
    leased: false,
    ...rest,
  }) as unknown as Routed;

function remembering(limited = () => false) {
  const asked: Routed[] = [];
  const respond = rememberRoutes((routed: Routed) => {
    asked.push(routed);
    const { outcome, leased } = routed;
    const { url = '' } = outcome.backend ?? {};
    return { leased, backend: { url }, decision: { groupId: outcome.groupId ?? '' } };
  }, limited);
  return { asked, respond };
}

test('what says the same is built and written once', () => {
  const { asked, respond } = remembering();
  const [first, second] = [respond(chosen()), respond(chosen())];
  expect(second).toBe(first);
  expect(asked).toHaveLength(1);
  expect(bytesOf(RouteResponseSchema, first)).toBe(bytesOf(RouteResponseSchema, second));
  const expected = create(RouteResponseSchema, { backend: { url: 'http://b.example' }, decision: { groupId: 'g' } });
  expect(bytesOf(RouteResponseSchema, first)).toEqual(toBinary(RouteResponseSchema, expected));
});

test('whatever differs is another response', () => {
  let isLimited = false;
  const { asked, respond } = remembering(() => isLimited);
  const other = create(BackendSchema, { id: 'b', url: 'http://moved.example' });
  const routes = [
    chosen(),
    chosen({ groupId: 'h' }),
    chosen({ priority: 3 }),
    chosen({ setHeaders: { 'X-Trino-Client-Info': 'a' } }),
    chosen({ setHeaders: { 'X-Trino-Client-Info': 'b' } }),
    chosen({ reasons: [{ step: 's', outcome: 1, text: 't' }] }),
    chosen({}, { leased: true }),
    chosen({}, { drainsRevision: 2 }),
    chosen({ backend: other }),
  ];
  const responses = routes.map(respond);
  expect(new Set(responses).size).toBe(routes.length);
  expect(responses.at(-1)?.backend).toMatchObject({ url: 'http://moved.example' });
  isLimited = true;
  respond(chosen());
  expect(asked).toHaveLength(routes.length + 1);
});

test('what is refused or waits is never remembered, and responses that are all different fill no memory', () => {
  const { asked, respond } = remembering();
  const refused = {
    outcome: { kind: 'refused', reasons: [], authDelegated: false },
    leased: false,
  } as unknown as Routed;
  expect(respond(refused)).not.toBe(respond(refused));
  for (let user = 0; user <= 1_000; user++) respond(chosen({ affinityHash: user }));
  respond(chosen({ affinityHash: 0 }));
  expect(asked).toHaveLength(2 + 1_001 + 1);
});
