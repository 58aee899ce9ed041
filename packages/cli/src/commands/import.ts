import { type DescMessage, type Message, toJson } from '@bufbuild/protobuf';
import type { Declared } from '@trino-gateway/config';
import { type Command, Option } from 'commander';
import { planChanges, readStored } from '../apply/plan-changes.ts';
import { writeChanges } from '../apply/write-changes.ts';
import { type ConnectionOptions, readTimeLimit } from '../connection/connection.ts';
import { backendKind, groupKind, policyKind } from '../kinds/index.ts';
import { type Format, printValue } from '../output/print.ts';
import type { Note } from '../razorpay/notes.ts';
import { readSource, type SourceOptions } from '../razorpay/read-source.ts';
import { translate } from '../razorpay/translate.ts';
import type { BackendChoices } from '../razorpay/translate-backend.ts';
import { oneLine } from '../terminal/one-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Context } from './context.ts';

type Options = SourceOptions & BackendChoices & { write?: boolean };

/** `import razorpay`. */
export function addImport(program: Command, { terminal, format, withGateway }: Context): void {
  program
    .command('import')
    .description('import the configuration of another gateway')
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
      const read = await readSource(options, timeLimitMs, terminal);
      const { declared, notes } = translate(await read(), { forwarding: options.forwarding, timeZone });
      for (const note of notes) terminal.err(lineOf(note));
      if (!options.write) {
        printDeclared(declared, format(), terminal);
        terminal.err('nothing was written: --write does, or apply -f of what was printed');
        return;
      }
      await withGateway(async (gateway) =>
        writeChanges(gateway, planChanges(declared, await readStored(gateway)), terminal),
      );
    });
}

/** In the shape that `apply` reads. */
function printDeclared({ backends, groups, policies }: Declared, format: Format, terminal: Terminal): void {
  const plain = <Desc extends DescMessage>({ schema }: { schema: Desc }, objects: readonly Message[]) =>
    objects.map((object) => toJson(schema, object as never, { useProtoFieldName: format !== 'json' }));
  printValue(terminal, format === 'json' ? 'json' : 'yaml', {
    backends: plain(backendKind, backends),
    groups: plain(groupKind, groups),
    policies: plain(policyKind, policies),
  });
}

function lineOf({ about, text }: Note): string {
  return oneLine(`note: ${about === '' ? '' : `${about}: `}${text}`);
}

/** Empty for UTC, which is what schedules without a time zone are read in. @throws UsageError */
function readTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone === 'UTC' ? '' : text;
  } catch {
    throw new UsageError(`--time-zone: expected an IANA time zone such as Europe/Vienna, got "${text}"`);
  }
}
