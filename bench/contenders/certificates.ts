import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';

/** Files of one certificate for this machine, and of the authority that signed it; `both` is certificate and key. */
export type Certificates = { ca: string; cert: string; key: string; both: string };

/** New ones in a folder of their own. */
export async function writeCertificates(): Promise<AsyncDisposable & Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-certificates-'));
  const authority = createCertificateAuthority();
  const { cert, key } = authority.issue(['localhost', '127.0.0.1']);
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    ca: await write('ca.pem', authority.cert),
    cert: await write('cert.pem', cert),
    key: await write('key.pem', key),
    both: await write('both.pem', cert + key),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
