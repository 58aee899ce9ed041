import { configFromCommandLine } from '@trino-gateway/config';
import { createLogger, runProcess } from '@trino-gateway/runtime';
import { startRouter } from './server.ts';

const { config } = configFromCommandLine(process.argv.slice(2), process.env, 'router');
const logger = createLogger('router', config.router.log_level, config.router.log_format);
await runProcess(logger, () => startRouter(config.router, logger));
