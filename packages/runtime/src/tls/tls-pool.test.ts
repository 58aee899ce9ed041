import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import type { TlsFileError } from './tls-files.ts';
import type { TlsIdentity, TlsSettings } from './tls-identity.ts';
import { createTlsPools } from './tls-pool.ts';

const authority = createCertificateAuthority();
const client = authority.issue(['client']);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
  return path;
};
const settings = (some: Partial<TlsSettings>): TlsSettings => ({
  caFile: '',
  certFile: '',
  keyFile: '',
  serverName: '',
  ...some,
});

/** Pools that are numbers, in the order in which they were opened. */
function counting(intervalMs = 0) {
  const opened: TlsIdentity[] = [];
  const retired: number[] = [];
  const problems: (string | undefined)[] = [];
  const pools = createTlsPools<number>({
    open: (identity) => opened.push(identity),
    retire: (pool) => void retired.push(pool),
    onProblem: (_, problem) => void problems.push(problem),
    intervalMs,
  });
  return { opened, retired, problems, pools };
}

test('equal settings share a pool, different ones never do', async () => {
  const { pools, opened } = counting();
  const [one, other] = [await file('one.pem', authority.cert), await file('other.pem', authority.cert)];
  const cases = [{ caFile: one }, { caFile: other }, { caFile: one, serverName: 'trino' }, { serverName: 'trino' }];
  const found = [];
  for (const some of [...cases, ...cases]) found.push(await pools.known(settings(some)));
  expect(found).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  expect(opened.map(({ serverName }) => serverName)).toEqual(['', '', 'trino', 'trino']);
});

test('a file that was replaced opens a new pool and retires the old one; one that was not opens none', async () => {
  const { pools, opened, retired } = counting();
  const caFile = await file('ca.pem', authority.cert);
  for (let at = 0; at < 3; at++) expect(await pools.checked(settings({ caFile }))).toBe(1);
  await file('ca.pem', createCertificateAuthority('the next').cert);
  expect(await pools.checked(settings({ caFile }))).toBe(2);
  expect([opened.length, retired]).toEqual([2, [1]]);
});

test('many requests at once read the files once', async () => {
  const { pools, opened } = counting();
  const caFile = await file('ca.pem', authority.cert);
  const found = await Promise.all(Array.from({ length: 50 }, () => pools.known(settings({ caFile }))));
  expect([new Set(found).size, opened.length]).toEqual([1, 1]);
});

test('what was read last holds on while a file is missing, which is told once, and so is its return', async () => {
  const { pools, problems } = counting();
  const caFile = await file('ca.pem', authority.cert);
  const wanted = settings({ caFile });
  expect(await pools.known(wanted)).toBe(1);
  await rm(caFile);
  const missing = `tls.ca_file: ${caFile} cannot be read (ENOENT)`;
  for (let at = 0; at < 3; at++) await expect(pools.checked(wanted)).rejects.toMatchObject({ why: missing });
  expect([await pools.known(wanted), problems]).toEqual([1, [missing]]);
  await file('ca.pem', authority.cert);
  await pools.checked(wanted);
  expect(problems).toEqual([missing, undefined]);
});

test.each<[string, (path: string) => unknown, RegExp]>([
  ['that is missing', (path) => rm(path), /cannot be read \(ENOENT\)$/],
  ['that is empty', (path) => writeFile(path, ''), /holds no PEM certificate$/],
  ['that holds something else', (path) => writeFile(path, 'root:x:0:0:secret'), /holds no PEM certificate$/],
  ['that holds a key', (path) => writeFile(path, client.key), /holds no PEM certificate$/],
  [
    'with a broken certificate',
    (path) => writeFile(path, authority.cert.replace(/\n.{64}\n/, '\nAAAA\n')),
    /holds a certificate that cannot be read$/,
  ],
  ['of a gigabyte', (path) => truncate(path, 1_073_741_824), /is larger than 1048576 bytes$/],
])(
  'a file %s is a problem that names it; only the log says why, and nothing what is in it',
  async (_, harm, expected) => {
    const { pools } = counting();
    const caFile = await file('ca.pem', authority.cert);
    await harm(caFile);
    const failed: TlsFileError = await pools.known(settings({ caFile })).then(String, (error) => error);
    // Whoever names the path learns nothing of what is there.
    expect(failed.message).toBe(`tls.ca_file: ${caFile} cannot be used: why stands in the log`);
    expect(failed.why).toMatch(expected);
    expect(failed.why).toMatch(/^tls\.ca_file: \//);
    expect(failed.why).not.toContain('secret');
  },
);

test('a folder and a device are no files', async () => {
  const { pools } = counting();
  // The terminal, a pipe or a device without an end would be read for ever.
  for (const caFile of [folder, '/dev/zero', '/dev/tty'])
    await expect(pools.known(settings({ caFile }))).rejects.toMatchObject({
      message: `tls.ca_file: ${caFile} cannot be used: why stands in the log`,
      why: `tls.ca_file: ${caFile} is no regular file`,
    });
});

test('a client certificate and its key must belong together', async () => {
  const { pools } = counting();
  const certFile = await file('client.pem', client.cert);
  const key = async (text: string) => settings({ certFile, keyFile: await file('client.key', text) });
  await expect(pools.known(await key(client.key))).resolves.toBe(1);
  const whyNot = (text: string) =>
    key(text)
      .then(pools.checked)
      .then(String, ({ message, why }: TlsFileError) => ({ message, why }));
  const message = `tls.key_file: ${folder}/client.key cannot be used: why stands in the log`;
  const why = `tls.key_file: ${folder}/client.key`;
  expect(await whyNot(authority.issue(['other']).key)).toEqual({
    message,
    why: `${why} is not the key of the certificate in tls.cert_file`,
  });
  expect(await whyNot('no key')).toEqual({ message, why: `${why} holds no PEM private key without a passphrase` });
});
