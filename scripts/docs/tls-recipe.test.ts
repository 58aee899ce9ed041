import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { tlsFileProblems } from '@trino-gateway/runtime/tls-files';

const page = readFileSync(fileURLToPath(new URL('../../docs/tls.md', import.meta.url)), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'tls-recipe-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasOpenssl = () => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

(hasOpenssl() ? test : test.skip)(
  'the recipe for certificates makes ones that fit and are for the names it says',
  () => {
    const [, recipe = ''] = /## Certificates with openssl[\s\S]*?```sh\n([\s\S]*?)```/.exec(page) ?? [];
    execFileSync('sh', ['-eu', '-c', recipe], { cwd: folder, stdio: 'pipe' });
    const path = (name: string) => join(folder, name);
    const authority = new X509Certificate(readFileSync(path('ca.pem')));
    for (const name of ['gatewayserver', 'router', 'monitor', 'operator']) {
      const file = (field: string, ending: string) => ({ field, path: path(ending) });
      const files = { ca: file('ca', 'ca.pem'), cert: file('cert', `${name}.pem`), key: file('key', `${name}.key`) };
      expect(tlsFileProblems(files)).toEqual([]);
      const certificate = new X509Certificate(readFileSync(path(`${name}.pem`)));
      expect(certificate.checkIssued(authority) && certificate.verify(authority.publicKey)).toBe(true);
      expect(certificate.checkHost(name)).toBe(name);
    }
    const own = new X509Certificate(readFileSync(path('gatewayserver.pem')));
    expect([own.checkHost('gatewayserver.trino-gateway.svc'), own.checkIP('127.0.0.1')]).toEqual([
      'gatewayserver.trino-gateway.svc',
      '127.0.0.1',
    ]);
    expect(own.checkHost('elsewhere')).toBeUndefined();
  },
);
