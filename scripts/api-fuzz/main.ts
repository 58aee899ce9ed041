// schemathesis against a gatewayserver with tokens: what the OpenAPI document promises must hold for requests that
// nobody thought of. No answer 5xx, none that the document does not describe.
//   node scripts/api-fuzz/main.ts [seconds] [seed]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { startService } from '@trino-gateway/testing/suite/start-service';
import { pythonEnvironment } from '@trino-gateway/testing/toolchains/python-environment';

const TOKEN = 'a-token-of-the-api-fuzz';
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/**
 * JSON of a message takes more than the document says (null is absent, numbers may be text), and values have rules that no
 * schema can tell. The GET that Connect has for reads is not in the document; the methods of every path have tests of their own.
 */
const LEFT_OUT = [
  'negative_data_rejection',
  'positive_data_acceptance',
  'unsupported_method',
  'allow_header_conformance',
];

const [seconds = '40', seed = '1'] = process.argv.slice(2);
const python = await pythonEnvironment('schemathesis', REQUIREMENTS, () =>
  console.log('installing schemathesis (once)'),
).catch((error: Error) => {
  console.log(`skipped: schemathesis cannot be had: ${error.message.split('\n').at(-1)}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(0);
});

await using started = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-fuzz-'));
started.defer(() => rm(folder, { recursive: true, force: true }));
const [port, ops] = await freePorts(2);
const settings = {
  LISTEN: `127.0.0.1:${port}`,
  OPS_LISTEN: `127.0.0.1:${ops}`,
  DATABASE_URL: `sqlite:${folder}/gateway.db`,
  ADMIN_TOKEN: TOKEN,
};
const gatewayserver = started.use(await startService('gatewayserver', settings, `http://127.0.0.1:${ops}`));
const summary = await runSchemathesis(`http://127.0.0.1:${port}/admin/openapi.json`);
const tested = Number(/Tested: (\d+)/.exec(summary)?.[1] ?? 0);
const found = Number(/== .*?(\d+) failures?\b/.exec(summary)?.[1] ?? 0);
const broken = Number(/== .*?(\d+) errors?\b/.exec(summary)?.[1] ?? 0);
const crashes = gatewayserver
  .output()
  .split('\n')
  .filter((line) => line.includes('unhandled error'));
for (const line of crashes) console.log(line);
const failed = found + broken + crashes.length + (tested === 0 ? 1 : 0);
console.log(`${Math.max(0, tested - found)} passed, ${failed} failed`);
await started.disposeAsync();
process.exit(failed === 0 ? 0 : 1);

/** What it printed; it ends by itself when its time is over. */
async function runSchemathesis(document: string): Promise<string> {
  const args = ['-m', 'schemathesis.cli', 'run', document, '--header', `X-Auth-Key: ${TOKEN}`, '--no-color'];
  const bounds = ['--max-time', seconds, '--seed', seed, '--exclude-checks', LEFT_OUT.join(','), '--warnings', 'off'];
  const child = spawn(python, [...args, ...bounds, '--generation-database', ':memory:'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  await once(child, 'close');
  return output;
}
