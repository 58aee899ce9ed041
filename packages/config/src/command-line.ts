import { readFileSync, statSync } from 'node:fs';
import type { ChainChecks } from '@trino-gateway/api/validation';
import { logLine } from '@trino-gateway/runtime/log-line';
import { tlsFileProblems } from '@trino-gateway/runtime/tls-files';
import { VERSION } from '@trino-gateway/runtime/version';
import { ConfigError, loadConfig, type SuiteConfig } from './load.ts';
import { helpOf, type Options, readOptions } from './options.ts';
import type { SectionName } from './sections/index.ts';

/** What a process was started with. */
export type Started = {
  config: SuiteConfig;
  /** The arguments that are not options of ours. */
  rest: string[];
  /** Reads file, secrets and environment once more. @throws ConfigError with every problem at once */
  reread: () => SuiteConfig;
};

/**
 * The configuration of a process started as `main.ts [--config FILE] [--check-config] [ARGUMENT...]`: reads it or ends
 * the process, with 2 and every problem on standard error (as one log line, if it was to start), or with 0 after `--check-config`, `--help` and `--version`. Arguments
 * that are not options of ours name a command: then nothing is started, and what only a start minds is not checked.
 * @param chainChecks what the process knows of steps of a routing chain
 */
export function configFromCommandLine(
  argv: readonly string[],
  env: Record<string, string | undefined>,
  service?: SectionName,
  chainChecks?: ChainChecks,
): Started {
  const options = readOptions(argv);
  if (typeof options === 'string') return end(2, '', new ConfigError([options]).message);
  if (options.asks === 'help') return end(0, helpOf(service));
  if (options.asks === 'version') return end(0, `trino-gateway ${service ?? 'suite'} ${VERSION}`);
  const read = (readFile: (name: string) => string) => readConfig(options, { env, service, chainChecks, readFile });
  try {
    const config = read(readText);
    if (options.asks !== 'check') return { config, rest: options.rest, reread: () => read(readRegularFile) };
    if (config.doubts.length > 0) throw new ConfigError(config.doubts);
    return end(0, 'the configuration is valid');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isStart = options.asks === undefined && options.rest.length === 0;
    return end(2, '', isStart && service !== undefined ? startFailure(service, error, env) : error.message);
  }
}

function end(code: number, out: string, err = ''): never {
  if (out !== '') process.stdout.write(`${out}\n`);
  if (err !== '') process.stderr.write(`${err}\n`);
  process.exit(code);
}

/** The problems as a log line. What the file says of its format is not known then. */
function startFailure(
  service: SectionName,
  { message, problems }: ConfigError,
  env: Record<string, string | undefined>,
): string {
  const format = env[`TRINO_GATEWAY_${service.toUpperCase()}_LOG_FORMAT`] === 'text' ? 'text' : 'json';
  const [summary = ''] = message.split(':\n');
  return logLine(format, { level: 'error', service, message: summary, fields: { problems } }, new Date());
}

type Reading = {
  env: Record<string, string | undefined>;
  service: SectionName | undefined;
  chainChecks: ChainChecks | undefined;
  readFile: (name: string) => string;
};

function readConfig({ file, rest }: Options, { env, service, chainChecks, readFile }: Reading): SuiteConfig {
  const name = file ?? env.TRINO_GATEWAY_CONFIG;
  return loadConfig({
    file: name ? { name, text: readFile(name) } : undefined,
    env,
    readSecret: (path) => readFileSync(path, 'utf8'),
    starts: rest.length === 0 ? service : undefined,
    chainChecks,
    tlsFileProblems,
  });
}

/** A pipe that was read at the start is empty now, or never ends. */
function readRegularFile(name: string): string {
  if (statSync(name, { throwIfNoEntry: false })?.isFile() === false)
    throw new ConfigError([`${name}: cannot be read once more, as it is no regular file`]);
  return readText(name);
}

function readText(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    throw new ConfigError([`${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}
