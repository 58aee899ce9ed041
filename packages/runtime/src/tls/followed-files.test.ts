import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { silentLogger } from '../logging/logger.ts';
import { type FollowTlsFilesOptions, followTlsFiles } from './followed-files.ts';
import { type TlsFileError, tlsFileProblems } from './tls-files.ts';

const DAY_MS = 86_400_000;
const authority = createCertificateAuthority();
const [first, second] = [authority.issue(['first']), authority.issue(['second'])];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'followed-tls-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async ({ cert, key }: { cert?: string; key?: string }, to = folder) => {
  if (cert !== undefined) await writeFile(join(to, 'tls.crt'), cert);
  if (key !== undefined) await writeFile(join(to, 'tls.key'), key);
};
const filesIn = (within: string) => ({
  cert: { field: 'router.tls_cert_file', path: join(within, 'tls.crt') },
  key: { field: 'router.tls_key_file', path: join(within, 'tls.key') },
});

/** What is in force, in order, and what was logged as an error. */
async function following(within = folder, some: Partial<FollowTlsFilesOptions> = {}) {
  const errors: unknown[] = [];
  const told: string[] = [];
  const logger = {
    ...silentLogger,
    error: (_: string, fields?: Record<string, unknown>) => void errors.push(fields?.error),
  };
  const expiry = { inForce: (field: string, [own]: readonly { subject: string }[]) => void (own && told.push(field)) };
  const followed = await followTlsFiles(filesIn(within), { logger, expiry, intervalMs: 5, ...some });
  return { followed, errors, told, subject: () => followed.current().certificates.cert?.[0]?.subject };
}

test('new files are in force as soon as they fit, and what was in force is so until then', async () => {
  await write(first);
  const { followed, errors, told, subject } = await following();
  await using _ = followed;
  await write({ cert: second.cert.slice(0, 200) });
  await until('half a file to be told', () => errors.length === 1);
  await write({ cert: second.cert });
  await until('the key to be told', () => errors.length === 2);
  await rm(join(folder, 'tls.key'));
  await until('the missing key to be told', () => errors.length === 3);
  expect(subject()).toBe('CN=first');
  await write({ key: second.key });
  await until('the new certificate', () => subject() === 'CN=second');
  expect(errors).toEqual([
    `router.tls_cert_file: ${folder}/tls.crt holds no PEM certificate`,
    `router.tls_key_file: ${folder}/tls.key is not the key of the certificate in router.tls_cert_file`,
    `router.tls_key_file: ${folder}/tls.key cannot be read (ENOENT)`,
  ]);
  expect(told).toEqual(['router.tls_cert_file', 'router.tls_cert_file']);
});

test('files are followed through the links by which Kubernetes swaps a volume', async () => {
  const volume = async (name: string, content: typeof first) => {
    await mkdir(join(folder, name));
    await write(content, join(folder, name));
    await symlink(name, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await volume('..2026_1', first);
  for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(folder, name));
  const { followed, errors, subject } = await following();
  await using _ = followed;
  await volume('..2026_2', second);
  await until('the new certificate', () => subject() === 'CN=second');
  expect(errors).toEqual([]);
});

test('an expired certificate does not replace a valid one, and does replace an expired one', async () => {
  let now = Date.now();
  const old = (name: string) => authority.issue([name], { to: now - DAY_MS, from: now - 2 * DAY_MS });
  await write(first);
  const { followed, errors, subject } = await following(folder, { now: () => now });
  await using _ = followed;
  await write(old('old'));
  await until('the expired one to be told', () => errors.length === 1);
  expect(errors[0]).toMatch(/^router\.tls_cert_file: .*tls\.crt is valid from .* to .* only$/);
  expect(subject()).toBe('CN=first');
  now += 31 * DAY_MS;
  await until('the expired one to be in force', () => subject() === 'CN=old');
});

test('what cannot be used at the start is told with every problem at once, to a start and to a check alike', async () => {
  await write({ cert: 'root:x:0:0:secret', key: 'no key' });
  const problems = [
    `router.tls_cert_file: ${folder}/tls.crt holds no PEM certificate`,
    `router.tls_key_file: ${folder}/tls.key holds no PEM private key without a passphrase`,
  ];
  const failed: TlsFileError = await following().then(String, (error) => error);
  expect(failed.problems).toEqual(problems);
  expect(tlsFileProblems(filesIn(folder))).toEqual(problems);
  await write(first);
  expect(tlsFileProblems(filesIn(folder))).toEqual([]);
});
