import { pbkdf2Sync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { coordinatorFiles, pluginNames } from './coordinator-files.ts';

const config = (settings: Parameters<typeof coordinatorFiles>[0]) =>
  coordinatorFiles(settings).get('etc/config.properties');

test('a sample is reachable from this machine only', () => {
  expect(config({ name: 'a', port: 18080 })).toContain('node.bind-ip=127.0.0.1\n');
});

test('tables can be read from the first second, because catalogs are dynamic', () => {
  expect(config({ name: 'a', port: 18080 })).toContain('catalog.management=dynamic\n');
});

test('a cluster that refuses X-Forwarded headers is asked for by name and not the default', () => {
  expect(config({ name: 'a', port: 18080 })).toContain('http-server.process-forwarded=true\n');
  expect(config({ name: 'a', port: 18080, processForwarded: false })).toContain(
    'http-server.process-forwarded=false\n',
  );
});

test('further properties win over ours instead of standing beside them, which stops Trino', () => {
  const text = config({ name: 'a', port: 18080, properties: { 'catalog.management': 'static' } });
  expect(text?.match(/^catalog\.management=.*$/gm)).toEqual(['catalog.management=static']);
});

test('a cluster that spools has the plugin for it, and a key that Trino accepts', () => {
  const spooling = { location: 's3://spool/a/', endpoint: 'http://127.0.0.1:1', retrievalMode: 'STORAGE' } as const;
  const files = coordinatorFiles({ name: 'a', port: 18080, spooling });
  const key = /^protocol\.spooling\.shared-secret-key=(.*)$/m.exec(files.get('etc/config.properties') ?? '')?.[1];
  expect(Buffer.from(key ?? '', 'base64')).toHaveLength(32);
  expect(files.get('etc/spooling-manager.properties')).toContain('fs.location=s3://spool/a/\n');
  expect(pluginNames({ spooling })).toContain('spooling-filesystem');
});

test('the password itself is in no file', () => {
  const files = coordinatorFiles({ name: 'a', port: 18080, password: { user: 'alice', password: 'correct-horse' } });
  expect([...files.values()].join('\n')).not.toContain('correct-horse');
  expect(files.get('etc/password.db')).toMatch(/^alice:1000:[0-9a-f]{32}:[0-9a-f]{64}\n$/);
});

test('several users have passwords, as Trino reads them, and rules say who may act for whom', () => {
  const accessRules = { impersonation: [{ original_user: 'bi', new_user: 'alice' }] };
  const password = { user: 'alice', password: 'a' };
  const files = coordinatorFiles({ name: 'a', port: 18080, password, otherPasswords: { bi: 'b' }, accessRules });
  const [[user, iterations, salt, hash] = [], [other] = []] = (files.get('etc/password.db') ?? '')
    .split('\n')
    .map((line) => line.split(':'));
  expect([user, other]).toEqual(['alice', 'bi']);
  // EncryptionUtil of Trino's file authenticator: PBKDF2WithHmacSHA1.
  const digest = pbkdf2Sync('a', Buffer.from(salt ?? '', 'hex'), Number(iterations), 32, 'sha1');
  expect(digest.toString('hex')).toBe(hash);
  expect(files.get('etc/access-control.properties')).toContain('access-control.name=file\n');
  expect(JSON.parse(files.get('etc/access-rules.json') ?? '')).toEqual(accessRules);
});

test('probes have a resource group of their own, so that a full cluster does not look dead', () => {
  const settings = { name: 'a', port: 18080, resourceGroup: { hardConcurrencyLimit: 1, maxQueued: 2 } };
  const groups = JSON.parse(coordinatorFiles(settings).get('etc/resource-groups.json') ?? '');
  expect(groups.selectors).toEqual([{ source: 'trino-gateway-probe', group: 'probe' }, { group: 'global' }]);
  expect(groups.rootGroups[1]).toEqual({ name: 'global', hardConcurrencyLimit: 1, maxQueued: 2 });
  expect(pluginNames(settings)).toContain('resource-group-managers');
});

test('events of completed queries go to the given address with the given token, and are repeated when it is away', () => {
  const events = { url: 'http://127.0.0.1:8000/v1/trino/events', token: 'letter-box' };
  const text = coordinatorFiles({ name: 'a', port: 18080, events }).get('etc/event-listener.properties');
  expect(text).toContain('http-event-listener.connect-ingest-uri=http://127.0.0.1:8000/v1/trino/events\n');
  expect(text).toContain('http-event-listener.connect-http-headers=X-Auth-Key:letter-box\n');
  expect(text).toMatch(/http-event-listener.connect-retry-count=[1-9]/);
});
