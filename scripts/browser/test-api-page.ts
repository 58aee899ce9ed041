// Swagger UI in a real Chromium, against a gatewayserver with a token:
//   node scripts/browser/test-api-page.ts [--screenshot FILE.png]
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { startService } from '@trino-gateway/testing/suite/start-service';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import type { Locator, Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';

const TOKEN = 'a-token-of-the-browser-test';
const STEP_MS = 60_000;
const DOCUMENT = fileURLToPath(import.meta.resolve('@trino-gateway/api/openapi.json'));

const { values: options } = parseArgs({ options: { screenshot: { type: 'string' } } });
const results: [name: string, problem: string][] = [];
const check = (name: string, seen: unknown, expected: unknown) => {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(expected)];
  results.push([name, one === other ? '' : `expected ${other}, got ${one}`]);
};

try {
  await using browser = await launchChromium();
  const [port, ops] = await freePorts(2);
  const opsUrl = `http://127.0.0.1:${ops}`;
  const settings = {
    LISTEN: `127.0.0.1:${port}`,
    OPS_LISTEN: `127.0.0.1:${ops}`,
    DATABASE_URL: 'sqlite::memory:',
    ADMIN_TOKEN: TOKEN,
  };
  const page = await browser.newPage({ viewport: { width: 1_280, height: 1_000 } });
  page.setDefaultTimeout(STEP_MS);
  {
    await using _gatewayserver = await startService('gatewayserver', settings, opsUrl);
    await tryPage(page, `http://127.0.0.1:${port}`);
  }
  const { ADMIN_TOKEN: _, ...open } = settings;
  await using _gatewayserver = await startService('gatewayserver', open, opsUrl);
  await tryOpenPage(page, `http://localhost:${port}`);
} catch (error) {
  if (error instanceof MissingToolError) {
    console.log(`skipped: ${error.message}`);
    console.log('0 passed, 0 failed, 1 skipped');
    process.exit(0);
  }
  results.push(['the page can be used', (error as Error).message]);
}
for (const [name, problem] of results) console.log(problem === '' ? `ok      ${name}` : `FAILED  ${name}: ${problem}`);
const failed = results.filter(([, problem]) => problem !== '').length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function tryPage(page: Page, url: string): Promise<void> {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));

  await page.goto(`${url}/admin/swaggerui`);
  await page.locator('.opblock').first().waitFor();
  check('the address without a slash leads to the page', page.url(), `${url}/admin/swaggerui/`);
  check('it lists every call of the document', await listedCalls(page), await documentedCalls());

  const call = page.locator('[id="operations-BackendService-BackendService_PutBackend"]');
  await call.locator('.opblock-summary-control').click();
  await call.getByRole('button', { name: 'Try it out' }).click();
  await page.getByRole('button', { name: 'Authorize', exact: true }).first().click();
  await page.locator('.modal-ux input').first().fill(TOKEN);
  await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).first().click();
  await page.locator('.modal-ux').getByRole('button', { name: 'Close', exact: true }).first().click();
  await call.getByRole('button', { name: 'Execute' }).click();
  const status = call.locator('.live-responses-table .response .response-col_status');
  await status.waitFor();
  check('"Try it out" creates a backend with the token', (await status.textContent())?.trim(), '200');
  const stored = await fetch(`${url}/api/v1/backends/blue`, { headers: { 'x-auth-key': TOKEN } });
  check('the backend is there', ((await stored.json()) as { url?: string }).url, 'http://trino-blue:8080');
  check('the console holds no error and no warning', complaints, []);
  if (options.screenshot) {
    await page.setViewportSize({ width: 1_280, height: 1_900 });
    await call.evaluate((block) => block.scrollIntoView());
    await page.screenshot({ path: options.screenshot });
  }
}

/** Without a token requests are looked at more closely; those of the page must pass. */
async function tryOpenPage(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/admin/swaggerui/`);
  const statusOf = async (id: string, fill: (call: Locator) => Promise<void>) => {
    const call = page.locator(`[id="operations-BackendService-BackendService_${id}"]`);
    await call.locator('.opblock-summary-control').click();
    await call.getByRole('button', { name: 'Try it out' }).click();
    await fill(call);
    await call.getByRole('button', { name: 'Execute' }).click();
    const status = call.locator('.live-responses-table .response .response-col_status');
    await status.waitFor();
    return (await status.textContent())?.trim();
  };
  check('without a token the page creates a backend', await statusOf('PutBackend', async () => {}), '200');
  const named = (call: Locator) => call.locator('tr[data-param-name="id"] input').fill('blue');
  check('and drains it, which is a POST without a body', await statusOf('DrainBackend', named), '200');
  check('and reads it', await statusOf('GetBackend', named), '200');
}

async function listedCalls(page: Page): Promise<string[]> {
  const summaries = page.locator('.opblock-summary');
  const calls = await summaries.evaluateAll((blocks) =>
    blocks.map((block) => {
      const text = (selector: string) => block.querySelector(selector)?.textContent ?? '';
      // The page adds characters of no width, so that long paths may wrap.
      return `${text('.opblock-summary-method')} ${text('.opblock-summary-path').replaceAll('\u200b', '')}`;
    }),
  );
  return calls.toSorted();
}

async function documentedCalls(): Promise<string[]> {
  const { paths } = JSON.parse(await readFile(DOCUMENT, 'utf8')) as { paths: Record<string, object> };
  return Object.entries(paths)
    .flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`))
    .toSorted();
}
