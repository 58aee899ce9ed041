// Draws every password of compose.yaml that is not there yet: node draw-secrets.ts FOLDER. In the folder is one folder, which
// is a volume, for each group of services that has to know it.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const draw = () => randomBytes(24).toString('hex');
const secrets = {
  'token/admin-token': draw(),
  'database/url': `mysql://gateway:${draw()}@mysql:3306/gateway`,
  'database-owner/url': `mysql://gateway_owner:${draw()}@mysql:3306/gateway`,
  'database-root/password': draw(),
};
for (const [name, secret] of Object.entries(secrets)) {
  const path = join(folder, name);
  if (existsSync(path)) continue;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(`${path}.draft`, { force: true }); // of a start that broke off
  // Readable, for each service runs as a user of its own; who has no such volume sees nothing of it.
  writeFileSync(`${path}.draft`, `${secret}\n`, { mode: 0o444 });
  renameSync(`${path}.draft`, path);
}
