import { configFromCommandLine, reloadOnHangUp, warnOfDoubts } from '@trino-gateway/config';
import { createLogger, describeError, runProcess } from '@trino-gateway/runtime';
import { declaredChainRules } from './configuration/declared-chain-rules.ts';

const { config, rest, reread } = configFromCommandLine(
  process.argv.slice(2),
  process.env,
  'gatewayserver',
  declaredChainRules,
);
const { log_level: level, log_format: format } = config.gatewayserver;

if (rest.length > 0) {
  const { runMigrateCommand } = await import('./migrate-command.ts');
  const { readDatabaseTls } = await import('./startup/database-tls.ts');
  try {
    const tls = await readDatabaseTls(config.gatewayserver);
    const lines = await runMigrateCommand(rest, config.gatewayserver.database_url, tls);
    if (lines) process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    else
      process.stderr.write(
        `unknown command "${rest.join(' ')}"; known are "migrate up", "migrate wait" and "migrate status"\n`,
      );
    process.exit(lines ? 0 : 2);
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(1);
  }
}

const logger = createLogger('gatewayserver', level, format);
warnOfDoubts(config, logger);
const { gatewayserver: live } = config;
await runProcess(
  logger,
  async () => {
    const { startGatewayserver } = await import('./server.ts');
    return startGatewayserver(live, config.declared, logger);
  },
  ({ declare }) =>
    reloadOnHangUp({
      ...{ section: 'gatewayserver', live, reread, logger },
      declare: ({ declared }) => declare(declared),
    })(),
);
