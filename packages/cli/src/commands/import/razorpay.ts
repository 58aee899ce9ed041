import { type Command, Option } from 'commander';
import { type ConnectionOptions, readTimeLimit } from '../../connection/connection.ts';
import type { Context } from '../../context/context.ts';
import { readSource, type SourceOptions } from '../../razorpay/read-source.ts';
import { translate } from '../../razorpay/translate.ts';
import type { BackendChoices } from '../../razorpay/translate-backend.ts';
import { UsageError } from '../../terminal/usage-error.ts';
import { finishImport } from './finish-import.ts';

type Options = SourceOptions & BackendChoices & { write?: boolean };

/** `import razorpay`. */
export function addRazorpay(parent: Command, program: Command, context: Context): void {
  parent
    .command('razorpay')
    .description('import backends, groups and policies of razorpay/trino-gateway; without --write only print them')
    .option('--from-url <url>', 'its API, for example http://gateway:8000')
    .option('--from-token-file <file>', 'a file with its API token, if reads need one')
    .option('--from-token-header <name>', 'the header that takes the token', 'X-Auth-Key')
    .option('--mysql-url <url>', 'its database instead: mysql://user@host:3306/database, also ?sslmode=require')
    .option('--mysql-password-file <file>', 'a file with the password of that user')
    .addOption(
      new Option(
        '--forwarding <way>',
        'proxy: result pages pass through the router; direct: clients poll the clusters, as before',
      )
        .choices(['proxy', 'direct'])
        .default('proxy'),
    )
    .option('--time-zone <zone>', 'the time zone of its monitor, in which its uptime schedules were read', 'UTC')
    .addOption(new Option('--dry-run', 'only print what would be written; the default').conflicts('write'))
    .option('--write', 'write it to the gatewayserver')
    .action(async (options: Options) => {
      const timeZone = readTimeZone(options.timeZone);
      const timeLimitMs = readTimeLimit(program.opts<ConnectionOptions>().timeout, '--timeout');
      const read = await readSource(options, timeLimitMs, context.terminal);
      const choices = { forwarding: options.forwarding, timeZone };
      await finishImport(translate(await read(), choices), options, context);
    });
}

/** Empty for UTC, which is what schedules without a time zone are read in. @throws UsageError */
function readTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone === 'UTC' ? '' : text;
  } catch {
    throw new UsageError(`--time-zone: expected an IANA time zone such as Europe/Vienna, got "${text}"`);
  }
}
