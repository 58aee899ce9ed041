import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  type DecideResponse,
  DecideResponse_Verdict,
  DecideResponseSchema,
  Reason_OutcomeSchema,
} from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import { readDraft } from '../apply/read-draft.ts';
import type { Context } from '../context/context.ts';
import { printOne } from '../output/print.ts';
import { formatTable } from '../output/table.ts';
import { oneLine } from '../terminal/one-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The exit code when the query would be refused: the call itself did not fail. */
const WOULD_BE_REFUSED = 3;

type Options = {
  port: string;
  host: string;
  header: string[];
  user: string;
  statement: string;
  clientIp: string;
  chain?: string;
};

/** `decide`: where a query would go, and why. */
export function addDecide(program: Command, { terminal, format, withGateway }: Context): void {
  program
    .command('decide')
    .description(
      'show where such a query would go now, limits and queues included, and the reason of every step; changes nothing, and exits with 3 when it would be refused',
    )
    .option('--port <port>', "the port of the router's listener", '8080')
    .option('--host <host>', 'the host the client asks for', '')
    .option(
      '-H, --header <header>',
      "a header as 'Name: value'; may be repeated",
      (one, all: string[]) => [...all, one],
      [],
    )
    .option('--user <user>', 'the Trino user', '')
    .option('--statement <sql>', 'the SQL text', '')
    .option('--client-ip <address>', "the client's address", '')
    .option(
      '--chain <file>',
      'decide by the routing_chain of this file instead of the one in force; - is standard input',
    )
    .action(({ chain, ...options }: Options) => {
      const request = readRequest(options);
      return withGateway(async (gateway) => {
        const draft = chain === undefined ? {} : { chain: await readDraft(chain, terminal, gateway) };
        const answer = await gateway.routing.decide({ ...request, ...draft });
        if (format() === 'table') printDecision(answer, terminal);
        else printOne(terminal, format(), DecideResponseSchema, answer);
        // A gatewayserver of an earlier version answers no verdict.
        return answer.verdict === DecideResponse_Verdict.REFUSED || !answer.decision ? WOULD_BE_REFUSED : 0;
      });
    });
}

/** What the options describe. @throws UsageError */
export function readRequest({ port, header, ...rest }: Omit<Options, 'chain'>) {
  const listeningPort = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (listeningPort < 1 || listeningPort > 65_535) throw new UsageError(`--port: expected 1 to 65535, got "${port}"`);
  const headers = header.map((line) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new UsageError("--header: expected 'Name: value'");
    return { name, value };
  });
  return { listeningPort, headers, ...rest };
}

function printDecision({ decision, reasons, summary, estimatedStart }: DecideResponse, terminal: Terminal): void {
  terminal.out(oneLine(summary) || (decision ? 'would be accepted' : 'would be refused'));
  if (decision)
    for (const [field, value] of [
      ['backend', decision.backendId],
      ['group', decision.groupId],
      ['decided by', decision.decidedBy],
      ['source', decision.requestSource],
      ['authentication', decision.authDelegated ? 'delegated' : ''],
      ['estimated start', estimatedStart ? timestampDate(estimatedStart).toISOString() : ''],
    ])
      if (value) terminal.out(`${field}: ${value}`);
  terminal.out('');
  const rows = reasons.map(({ step, outcome, text }) => [step, Reason_OutcomeSchema.value[outcome]?.name ?? '', text]);
  for (const line of formatTable(['STEP', 'OUTCOME', 'REASON'], rows, undefined)) terminal.out(line);
}
