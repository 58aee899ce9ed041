import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a statement gave, and over which versions of HTTP its requests went, as curl names them. */
export type CurlResult = { rows: unknown[]; error: unknown; versions: string[] };

type Page = { version: string; nextUri?: string; data?: unknown[]; error?: unknown };

const USUAL = ['--silent', '--show-error', '--max-time', '60'];

async function ask(own: readonly string[]): Promise<Page> {
  const { stdout } = await promisify(execFile)('curl', [...USUAL, '--write-out', '\n%{http_version}', ...own]);
  const end = stdout.lastIndexOf('\n');
  return { ...JSON.parse(stdout.slice(0, end)), version: stdout.slice(end + 1) };
}

/** Runs a statement to its end with curl and these options of it. */
export async function runByCurl(url: string, statement: string, own: readonly string[]): Promise<CurlResult> {
  let page = await ask([...own, '--data', statement, `${url}/v1/statement`]);
  const versions = new Set([page.version]);
  const rows = [...(page.data ?? [])];
  while (page.nextUri !== undefined) {
    page = await ask([...own, page.nextUri]);
    versions.add(page.version);
    rows.push(...(page.data ?? []));
  }
  return { rows, error: page.error, versions: [...versions] };
}
