import { expect, test } from '@jest/globals';
import { BadSetting, loopbackInstead, readPlan } from './plan.ts';

test('BACKENDS alone says which clusters there are', () => {
  expect(readPlan({ BACKENDS: 'http://a:8080, https://b.example ,http://127.0.0.1:8081/' }, ['declared'])).toEqual({
    clusters: 'given',
    backends: [
      { id: 'a-8080', url: 'http://a:8080' },
      { id: 'b.example', url: 'https://b.example' },
      { id: '127.0.0.1-8081', url: 'http://127.0.0.1:8081' },
    ],
  });
});

test('an id is valid and made from its own address alone', () => {
  expect(readPlan({ BACKENDS: 'http://[::1]:8080' }, [])).toMatchObject({ backends: [{ id: '--1-8080' }] });
});

test('clusters declared in a file take the place of samples', () => {
  expect(readPlan({}, ['a', 'b'])).toEqual({ clusters: 'declared', backendIds: ['a', 'b'] });
});

test('without any cluster samples are started', () => {
  expect(readPlan({ BACKENDS: '' }, [])).toEqual({ clusters: 'samples', ports: [18_881, 18_882] });
  expect(readPlan({ SAMPLE_PORTS: '0, 9000' }, [])).toEqual({ clusters: 'samples', ports: [0, 9_000] });
});

test.each([
  [{ BACKENDS: 'a:8080' }, 'BACKENDS'],
  [{ BACKENDS: 'http://a:8080/ui' }, 'BACKENDS'],
  [{ BACKENDS: 'ftp://a' }, 'BACKENDS'],
  [{ BACKENDS: 'http://a:8080,http://a:8080' }, 'is repeated'],
  [{ SAMPLE_PORTS: '18081' }, 'SAMPLE_PORTS'],
  [{ SAMPLE_PORTS: '1,2,3' }, 'SAMPLE_PORTS'],
  [{ SAMPLE_PORTS: '1,70000' }, 'SAMPLE_PORTS'],
])('%j is refused at the start', (env, said) => {
  expect(() => readPlan(env, [])).toThrow(BadSetting);
  expect(() => readPlan(env, [])).toThrow(said);
});

test('a password in an address is not printed', () => {
  expect(() => readPlan({ BACKENDS: 'http://joe:secret@a:8080' }, [])).toThrow(/^(?!.*secret)/);
});

test('without a token the API is served to this machine alone, unless the configuration says otherwise', () => {
  const everywhere = { listen: { host: '0.0.0.0', port: 8000 }, allow_open: false };
  expect(loopbackInstead(everywhere)).toBe('127.0.0.1:8000');
  expect(loopbackInstead({ ...everywhere, listen: { host: '::', port: 9000 } })).toBe('127.0.0.1:9000');
  expect(loopbackInstead({ ...everywhere, admin_token: 'a-token' })).toBeUndefined();
  expect(loopbackInstead({ ...everywhere, allow_open: true })).toBeUndefined();
  // Left to the check of the configuration, which says what to do.
  expect(loopbackInstead({ ...everywhere, listen: { host: '192.0.2.1', port: 8000 } })).toBeUndefined();
});
