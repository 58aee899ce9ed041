import { readFileSync } from 'node:fs';
import { logLine } from '@trino-gateway/runtime/log-line';
import { ConfigError, loadConfig, type SuiteConfig } from './load.ts';

/**
 * The configuration of a process started as `main.ts [--config FILE] [--check-config] [ARGUMENT...]`: reads it or ends
 * the process, with 2 and every problem on standard error (as a log line, if it was to start), or with 0 after `--check-config`. Arguments that are not
 * options of ours name a command: then nothing is started, and what only a start minds is not checked.
 * @returns the configuration and the arguments that are not options of ours
 */
export function configFromCommandLine(
  argv: readonly string[],
  env: Record<string, string | undefined>,
  starts?: 'gatewayserver' | 'monitor' | 'router',
): { config: SuiteConfig; rest: string[] } {
  let isStart = false;
  try {
    const options = readOptions(argv);
    isStart = !options.checkOnly && options.rest.length === 0;
    const name = options.file ?? env.TRINO_GATEWAY_CONFIG;
    const config = loadConfig({
      file: name ? { name, text: readText(name) } : undefined,
      env,
      readSecret: (path) => readFileSync(path, 'utf8'),
      starts: options.rest.length === 0 ? starts : undefined,
    });
    if (!options.checkOnly) return { config, rest: options.rest };
    process.stdout.write('the configuration is valid\n');
    process.exit(0);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${isStart && starts ? startFailure(starts, error, env) : error.message}\n`);
    process.exit(2);
  }
}

/** The problems as a log line. What the file says of its format is not known then. */
function startFailure(
  service: string,
  { message, problems }: ConfigError,
  env: Record<string, string | undefined>,
): string {
  const format = env[`TRINO_GATEWAY_${service.toUpperCase()}_LOG_FORMAT`] === 'text' ? 'text' : 'json';
  const [summary = ''] = message.split(':\n');
  return logLine(format, { level: 'error', service, message: summary, fields: { problems } }, new Date());
}

function readOptions(argv: readonly string[]): { file?: string; checkOnly: boolean; rest: string[] } {
  const read: { file?: string; checkOnly: boolean; rest: string[] } = { checkOnly: false, rest: [] };
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--check-config') read.checkOnly = true;
    else if (argument === '--config') {
      const file = argv[++at];
      if (!file) throw new ConfigError(['--config: expected the name of a file']);
      read.file = file;
    } else if (argument.startsWith('--config=')) read.file = argument.slice('--config='.length);
    else if (argument.startsWith('-'))
      throw new ConfigError([`${argument}: unknown option; known are --config FILE and --check-config`]);
    else read.rest.push(argument);
  }
  return read;
}

function readText(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    throw new ConfigError([`${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}
