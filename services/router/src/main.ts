import { configFromCommandLine } from '@trino-gateway/config';
import { createLogger, logConsole, runProcess } from '@trino-gateway/runtime';
import { startRouter } from './server.ts';

const { config } = configFromCommandLine(process.argv.slice(2), process.env);
const logger = createLogger('router', config.router.log_level);
logConsole(logger);
await runProcess(() => startRouter(config.router, logger));
