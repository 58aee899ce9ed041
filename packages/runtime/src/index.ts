export { type Address, formatAddress, isLoopback, parseAddress, reachableUrl } from './address.ts';
export { comparison, tokensOf } from './bearer-tokens.ts';
export { boundedLabels } from './bounded-labels.ts';
export { carryCalls } from './carried-calls.ts';
export { createDelivery, type Delivery, type DeliveryOptions } from './delivery/delivery.ts';
export { every, type Loop } from './every.ts';
export {
  createGatewayTransport,
  type GatewayTransportOptions,
  isUnreachable,
  refusesToken,
} from './gateway-transport.ts';
export { createGathering, type Gathering } from './gathering.ts';
export { type Handler, type Listener, type ListenOptions, listenHttp, listening, withGrace } from './http-listener.ts';
export { isDeepJson, MOST_JSON_DEPTH, parseForeignJson } from './json-depth.ts';
export {
  createLogger,
  describeError,
  isLogLevel,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  logConsole,
  silentLogger,
} from './logger.ts';
export { type LongPolls, longPolls } from './long-polls.ts';
export { namedHosts, namesLoopback } from './named-hosts.ts';
export { type Readiness, serveOps } from './ops.ts';
export { pause } from './pause.ts';
export { type RunningProcess, runProcess } from './run.ts';
