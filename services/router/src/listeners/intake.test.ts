import { expect, test } from '@jest/globals';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger } from '@trino-gateway/runtime';
import { createIntake } from './intake.ts';

test('limits that change hold for what comes; what is under way stays', () => {
  const { router: config } = loadConfig({ env: {}, readSecret: () => '' });
  Object.assign(config, { max_requests: 2, max_requests_per_client: 2, max_statement_bytes_under_way: 20_000_000 });
  using intake = createIntake(config, silentLogger);
  const releases = [intake.requests.ofClient('10.0.0.1'), intake.requests.ofClient('10.0.0.1')];
  expect(intake.requests.ofClient('10.0.0.2')).toBe('all');
  const account = intake.bytes.open('10.0.0.1');
  expect(account.fits(16_000_000)).toBe(true);

  Object.assign(config, { max_requests: 3, max_requests_per_client: 1, max_statement_bytes: 1_000 });
  Object.assign(config, { max_statement_bytes_under_way: 2_000 });
  intake.resize();
  expect(intake.requests.ofClient('10.0.0.1')).toBe('client');
  expect(intake.requests.ofClient('10.0.0.2')).toBeInstanceOf(Function);
  expect(intake.requests.ofClient('10.0.0.3')).toBe('all');
  expect(intake.requests.underWay()).toBe(3);
  expect(account.fits(16_000_000)).toBe(false);

  for (const release of releases) if (typeof release === 'function') release();
  expect(intake.requests.ofClient('10.0.0.1')).toBeInstanceOf(Function);
});
