/** What the command line of a process says. */
export type Options = {
  file?: string;
  /** What it asks for besides a start. */
  asks?: 'check' | 'help' | 'version';
  /** The words that are no options of ours: a command. */
  rest: string[];
};

const OPTIONS = '--config FILE, --check-config, --help and --version';

/** @returns the options, or the problem with them */
export function readOptions(argv: readonly string[]): Options | string {
  const read: Options = { rest: [] };
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--check-config') read.asks ??= 'check';
    else if (argument === '--help' || argument === '-h') read.asks = 'help';
    else if (argument === '--version') read.asks = 'version';
    else if (argument === '--config') {
      const file = argv[++at];
      if (!file) return '--config: expected the name of a file';
      read.file = file;
    } else if (argument.startsWith('--config=')) read.file = argument.slice('--config='.length);
    else if (argument.startsWith('-')) return `${argument}: unknown option; known are ${OPTIONS}`;
    else read.rest.push(argument);
  }
  return read;
}

/** What `--help` prints. */
export function helpOf(service = 'suite'): string {
  const commands =
    service === 'gatewayserver'
      ? `
  migrate up       brings the schema of the database up to date, and ends
  migrate wait     waits until they are applied, and ends
  migrate status   shows which migrations are applied and which are pending
`
      : '';
  return `The ${service} of the Trino gateway. It runs until SIGTERM; SIGHUP makes it read its configuration anew.

  --config FILE    the configuration, one YAML file for the whole suite; else TRINO_GATEWAY_CONFIG names it
  --check-config   checks the configuration of the whole suite and starts nothing: 0 when all is well, 2 with every problem
  --version        prints the version
  --help           prints this
${commands}
Every key can also be given by the environment: docs/configuration.md lists them.`;
}
