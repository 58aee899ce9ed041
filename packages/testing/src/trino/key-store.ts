import { join } from 'node:path';
import { runCommand } from '../toolchains/run-command.ts';
import type { Jdk } from './jdk.ts';

/** The password of the key stores made here; each is for one start. */
export const KEYSTORE_PASSWORD = 'changeit';

/** Makes a PKCS #12 file with a self-signed certificate for localhost and 127.0.0.1. */
export async function makeKeyStore(jdk: Jdk, path: string): Promise<void> {
  const args = ['-genkeypair', '-keyalg', 'EC', '-alias', 'trino', '-dname', 'CN=localhost', '-validity', '3650'];
  args.push('-ext', 'san=dns:localhost,ip:127.0.0.1', '-storepass', KEYSTORE_PASSWORD, '-keystore', path);
  await runCommand(join(jdk.home, 'bin', 'keytool'), args, { timeoutMs: 60_000 });
}
