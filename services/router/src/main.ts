import { configFromCommandLine } from '@trino-gateway/config';
import { createLogger, runProcess } from '@trino-gateway/runtime';
import { startRouter } from './server.ts';

const { config } = configFromCommandLine(process.argv.slice(2), process.env);
const logger = createLogger('router', config.router.log_level);
await runProcess(() => startRouter(config.router, logger));
