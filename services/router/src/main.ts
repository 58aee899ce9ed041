import { configFromCommandLine, reloadOnHangUp, warnOfDoubts } from '@trino-gateway/config';
import { createLogger, runProcess } from '@trino-gateway/runtime';
import { startRouter } from './server.ts';

const { config, reread } = configFromCommandLine(process.argv.slice(2), process.env, 'router');
const { router: live } = config;
const logger = createLogger('router', live.log_level, live.log_format);
warnOfDoubts(config, logger);
await runProcess(
  logger,
  () => startRouter(live, logger),
  ({ reconfigured }) => reloadOnHangUp({ section: 'router', live, reread, logger, changed: reconfigured })(),
);
