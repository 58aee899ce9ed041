import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Certificate and key of a server, and the authority that signs those of its clients, as PEM. */
export type DatabaseTls = { cert: string; key: string; ca: string };

/** Where the files of a server stand. */
type WrittenTls = { ca: string; cert: string; key: string };

/** Writes the files; the key for its owner alone, as servers demand it. */
export async function writeTls(
  folder: string,
  { ca, cert, key }: DatabaseTls,
  owner?: { uid: number; gid: number },
): Promise<WrittenTls> {
  const paths = { ca: join(folder, 'ca.pem'), cert: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  await Promise.all([writeFile(paths.ca, ca), writeFile(paths.cert, cert), writeFile(paths.key, key)]);
  await chmod(paths.key, 0o600);
  if (owner) for (const path of Object.values(paths)) await chown(path, owner.uid, owner.gid);
  return paths;
}
