import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { Registry } from 'prom-client';
import { type CertificateExpiryOptions, createCertificateExpiry } from './certificate-expiry.ts';

const DAY_MS = 86_400_000;
const authority = createCertificateAuthority();
const START = Math.floor(Date.now() / 1_000) * 1_000;
const issued = (name: string, days: number, from = START - DAY_MS) =>
  new X509Certificate(authority.issue([name], { from, to: START + days * DAY_MS }).cert);

function watching(more: Partial<CertificateExpiryOptions> = {}) {
  const clock = { now: START };
  const registry = new Registry();
  const said: string[] = [];
  const say = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void said.push(
      [level, message, fields?.key ?? fields?.backend, fields?.subject, fields?.daysLeft].filter(Boolean).join(' '),
    );
  const logger = { warn: say('warn'), error: say('error') };
  const expiry = createCertificateExpiry({
    registry,
    service: 'router',
    logger,
    now: () => clock.now,
    intervalMs: 1,
    ...more,
  });
  return { clock, registry, said, expiry };
}

test('the metric is the end of the first certificate of a file, by the key that names it', async () => {
  const { registry, expiry } = watching();
  using _ = expiry;
  expiry.inForce('router.tls_cert_file', [issued('own', 90), issued('intermediate', 60)]);
  expiry.inForce('router.tls_cert_file', [issued('own', 80), issued('intermediate', 70)]);
  expiry.inForce('router.gatewayserver_ca_file', []);
  const name = 'trino_gateway_router_certificate_expiry_timestamp_seconds';
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  expect(lines).toEqual([`${name}{key="router.tls_cert_file"} ${(START + 70 * DAY_MS) / 1_000}`]);
});

test('from 21 days before its end a certificate is warned of each day, and told as an error afterwards', async () => {
  const { clock, said, expiry } = watching();
  using _ = expiry;
  expiry.inForce('router.tls_cert_file', [issued('gw', 22)]);
  for (const [day, expected] of [
    [1.1, 'warn a certificate expires soon router.tls_cert_file CN=gw 20'],
    [2.2, 'warn a certificate expires soon router.tls_cert_file CN=gw 19'],
    [22, 'error a certificate has expired router.tls_cert_file CN=gw'],
    [23, 'error a certificate has expired router.tls_cert_file CN=gw'],
  ] as const) {
    clock.now = START + day * DAY_MS;
    await until(`day ${day}`, () => said.length > 0);
    clock.now += DAY_MS - 1;
    expect(said.splice(0)).toEqual([expected]);
  }
});

test('a certificate that is told of again is not warned of again before its day, another one is, and one that is gone never', async () => {
  const { clock, said, registry, expiry } = watching({ of: 'backend' });
  using _ = expiry;
  const [old, renewed] = [issued('trino', 5), issued('trino', 6)];
  for (const one of [old, old, renewed, renewed]) expiry.inForce('blue', [one]);
  const warning = (days: number) => `warn a certificate expires soon blue CN=trino ${days}`;
  expect(said.splice(0)).toEqual([warning(5), warning(6)]);
  const metric = /^trino_gateway_router_backend_certificate_expiry_timestamp_seconds\{backend="blue"\} \d+$/m;
  expect(await registry.metrics()).toMatch(metric);
  expiry.forget('blue');
  clock.now += 2 * DAY_MS;
  expiry.inForce('green', [issued('trino', 90)]);
  expect([said, metric.test(await registry.metrics())]).toEqual([[], false]);
});

test('a certificate that is not valid yet is an error', () => {
  const { said, expiry } = watching();
  using _ = expiry;
  expiry.inForce('router.tls_cert_file', [issued('gw', 90, START + DAY_MS)]);
  expect(said).toEqual(['error a certificate is not valid yet router.tls_cert_file CN=gw']);
});
