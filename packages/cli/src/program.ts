import { VERSION } from '@trino-gateway/runtime/version';
import { Command, Option } from 'commander';
import { addApply } from './commands/apply.ts';
import { addCancel } from './commands/cancel.ts';
import { addDecide } from './commands/decide.ts';
import { addGet } from './commands/get.ts';
import { addImport } from './commands/import.ts';
import { addList } from './commands/list.ts';
import { addQueue } from './commands/queue.ts';
import { addQueueSwitches } from './commands/queue-switches.ts';
import { addRoutingChain } from './commands/routing-chain.ts';
import { addScaling } from './commands/scaling/scaling.ts';
import { addSwitches } from './commands/switches.ts';
import { addTop } from './commands/top.ts';
import { createContext } from './context/context.ts';
import { FORMATS } from './output/print.ts';
import type { Terminal } from './terminal/terminal.ts';

/** The whole command line. @param finish is given the exit code of a command that ran */
export function createProgram(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('trino-gateway')
    .description('Inspects and changes a Trino gateway.')
    .version(`trino-gateway ${VERSION}`, '--version', 'print the version')
    .option('--url <url>', 'the gatewayserver; TRINO_GATEWAY_URL (default: http://127.0.0.1:8000)')
    .option(
      '--token <token>',
      'admin or read token; better TRINO_GATEWAY_TOKEN, which other users of the machine cannot see',
    )
    .option('--token-file <file>', 'a file with the token on its first line')
    .option('--ca-file <file>', 'the authorities that sign the certificate of the gatewayserver; TRINO_GATEWAY_CA_FILE')
    .option('--cert-file <file>', 'a certificate to show, if it demands one; TRINO_GATEWAY_CERT_FILE')
    .option('--key-file <file>', 'the key of that certificate; TRINO_GATEWAY_KEY_FILE')
    .option('--timeout <duration>', 'time limit of each call', '10s')
    .addOption(new Option('-o, --output <format>', 'how answers are printed').choices(FORMATS).default('table'))
    .showHelpAfterError('(--help shows what is known)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  const context = createContext(program, terminal, finish);
  const all = [
    addGet,
    addList,
    addQueue,
    addTop,
    addApply,
    addSwitches,
    addQueueSwitches,
    addScaling,
    addDecide,
    addCancel,
    addRoutingChain,
    addImport,
  ];
  for (const add of all) add(program, context);
  return program;
}
