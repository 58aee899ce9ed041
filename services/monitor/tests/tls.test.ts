import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { BackendStatus_State as State } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { recordingLogger, startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

const authority = createCertificateAuthority();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'monitor-tls-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('backends over https are verified, each by its own settings, and the reason says what is wrong', async () => {
  const caFile = join(folder, 'ca.pem');
  const wrong = join(folder, 'wrong.pem');
  await writeFile(caFile, authority.cert);
  await writeFile(wrong, createCertificateAuthority('another').cert);
  await using trino = await startScriptedTrino({ tls: authority.issue(['trino.internal']) });
  const past = { from: Date.now() - 20_000, to: Date.now() - 10_000 };
  await using expired = await startScriptedTrino({ tls: authority.issue(['trino.internal'], past) });
  await using plain = await startScriptedTrino();
  await using gatewayserver = await startFakeGatewayserver();
  const { url } = trino;
  gatewayserver.setBackends([
    { id: 'right', url, tls: { caFile, serverName: 'trino.internal' } },
    { id: 'by-system', url },
    { id: 'wrong-authority', url, tls: { caFile: wrong, serverName: 'trino.internal' } },
    { id: 'wrong-name', url, tls: { caFile } },
    { id: 'expired', url: expired.url, tls: { caFile, serverName: 'trino.internal' } },
    { id: 'plain-port', url: plain.url.replace('http:', 'https:'), tls: { caFile } },
    { id: 'missing', url, tls: { caFile: join(folder, 'missing.pem') } },
  ]);
  const logger = recordingLogger();
  await using _ = await startTestMonitor(gatewayserver, {}, logger);
  const ids = ['right', 'by-system', 'wrong-authority', 'wrong-name', 'expired', 'plain-port', 'missing'];
  await until('all to be probed', () => ids.every((id) => gatewayserver.last(id)));
  const found = Object.fromEntries(ids.map((id) => [id, gatewayserver.last(id)?.reason]));
  expect(gatewayserver.last('right')).toMatchObject({ state: State.UP, healthy: true, clusterLoad: 0 });
  expect(found).toEqual({
    right: '',
    'by-system': expect.stringMatching(
      /^GET \/v1\/info: TLS: its certificate is of an authority that is not trusted here/,
    ),
    'wrong-authority': expect.stringMatching(
      /^GET \/v1\/info: TLS: its certificate is of an authority that is not trusted here/,
    ),
    'wrong-name': 'GET /v1/info: TLS: its certificate is for another name than 127.0.0.1: it is for DNS:trino.internal',
    expired: 'GET /v1/info: TLS: its certificate, or that of its authority, has expired',
    'plain-port': 'GET /v1/info: TLS: it does not speak TLS at this port',
    missing: `tls.ca_file: ${folder}/missing.pem cannot be used: why stands in the log`,
  });
  expect(ids.slice(1).map((id) => gatewayserver.last(id)?.healthy)).toEqual([false, false, false, false, false, false]);
});

test('what a cluster shows is a metric by its end, and warned of from 21 days before; another list forgets it', async () => {
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.cert);
  const to = Math.floor(Date.now() / 1_000) * 1_000 + 5 * 86_400_000;
  await using trino = await startScriptedTrino({ tls: authority.issue(['trino.internal'], { to }) });
  await using plain = await startScriptedTrino();
  await using gatewayserver = await startFakeGatewayserver();
  const plainOne = { id: 'plain', url: plain.url };
  gatewayserver.setBackends([{ id: 'blue', url: trino.url, tls: { caFile, serverName: 'trino.internal' } }, plainOne]);
  const logger = recordingLogger();
  await using monitor = await startTestMonitor(gatewayserver, {}, logger);
  await until('both to be healthy', () => ['blue', 'plain'].every((id) => gatewayserver.last(id)?.healthy));
  const ends = async () => {
    const text = await (await fetch(`${monitor.opsUrl}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith('trino_gateway_monitor_backend_certificate_expiry'));
  };
  expect(await ends()).toEqual([
    `trino_gateway_monitor_backend_certificate_expiry_timestamp_seconds{backend="blue"} ${to / 1_000}`,
  ]);
  const warnings = logger.lines.filter((line) => line.startsWith('a certificate expires soon'));
  expect(warnings).toEqual([expect.stringMatching(/"backend":"blue","subject":"CN=trino\.internal".*"daysLeft":4/)]);
  gatewayserver.setBackends([plainOne]);
  await until('it to be forgotten', async () => (await ends()).length === 0);
});

test('a file that goes makes its backend unhealthy, and its return makes it healthy, while the others stay as they are', async () => {
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.cert);
  await using trino = await startScriptedTrino({ tls: authority.issue(['127.0.0.1']) });
  await using plain = await startScriptedTrino();
  await using gatewayserver = await startFakeGatewayserver();
  gatewayserver.setBackends([
    { id: 'tls', url: trino.url, tls: { caFile } },
    { id: 'plain', url: plain.url },
  ]);
  const logger = recordingLogger();
  await using _ = await startTestMonitor(gatewayserver, { interval: '100ms' }, logger);
  await until('both to be healthy', () => ['tls', 'plain'].every((id) => gatewayserver.last(id)?.healthy));
  await rm(caFile);
  await until('it to be unhealthy', () => gatewayserver.last('tls')?.healthy === false);
  const reason = `tls.ca_file: ${caFile} cannot be used: why stands in the log`;
  const says = (why: string) => logger.lines.some((line) => line.includes(`${caFile} ${why}`));
  expect(gatewayserver.last('tls')?.reason).toContain(reason);
  await until('the log to say why', () => says('cannot be read (ENOENT)'));
  await writeFile(caFile, 'half a certi');
  await until('the log to say why', () => says('holds no PEM certificate'));
  expect(gatewayserver.last('tls')?.reason).toContain(reason);
  await writeFile(caFile, authority.cert);
  await until('it to be healthy again', () => gatewayserver.last('tls')?.healthy);
  expect(gatewayserver.statuses.filter(({ backendId, healthy }) => backendId === 'plain' && !healthy)).toEqual([]);
});
