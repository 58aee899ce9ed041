// Starts a service once and stops it when it is ready, so that what Node compiled is in the image and later starts are
// faster: node deploy/fill-compile-cache.ts SERVICE/src/main.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const service = spawn(process.execPath, process.argv.slice(2), { stdio: ['ignore', 'pipe', 'inherit'] });
service.stdout.setEncoding('utf8').on('data', (text: string) => {
  if (/ ready\b/.test(text)) service.kill('SIGTERM');
});
const [code] = await once(service, 'exit');
process.exit(typeof code === 'number' ? code : 1);
