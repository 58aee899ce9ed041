export { createDelivery, type Delivery, type DeliveryOptions } from './delivery/delivery.ts';
export { isBelow } from './files/is-below.ts';
export { type Address, formatAddress, isLoopback, parseAddress, reachableUrl } from './http/address.ts';
export { comparison, tokensOf } from './http/bearer-tokens.ts';
export { answerHalfClosed } from './http/half-closed.ts';
export { type Handler, type Listener, type ListenOptions, listenHttp, listening, withGrace } from './http/listener.ts';
export { namedHosts, namesLoopback } from './http/named-hosts.ts';
export { readPathPrefix } from './http/path-prefix.ts';
export { readBytes } from './http/read-bytes.ts';
export { type BoundedLines, createBoundedLines } from './logging/bounded-lines.ts';
export { captureOutput } from './logging/capture-output.ts';
export { LOG_FORMATS, type LogFormat, logLine } from './logging/log-line.ts';
export {
  createLogger,
  describeError,
  isLogLevel,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  silentLogger,
} from './logging/logger.ts';
export { createOutageLog, type OutageLog } from './logging/outage-log.ts';
export { type Backoff, createBackoff } from './loops/backoff.ts';
export { every, type Loop } from './loops/every.ts';
export { type LongPolls, longPolls } from './loops/long-polls.ts';
export { pause } from './loops/pause.ts';
export { within } from './loops/within.ts';
export { boundedLabels } from './process/bounded-labels.ts';
export { addBuildInfo } from './process/build-info.ts';
export { type RunningProcess, runProcess } from './process/run-process.ts';
export { type Readiness, type ServedMetrics, serveOps } from './process/serve-ops.ts';
export { type Batcher, createBatcher } from './rpc/batcher.ts';
export {
  databaseIsAway,
  gatewayserverOf,
  isUnreachable,
  refusesToken,
  withGatewayserver,
} from './rpc/call-failures.ts';
export { type CarriedAnswer, type CarriedCall, readRequestFrame, responseFrame } from './rpc/call-frames.ts';
export type { CallStreams } from './rpc/call-stream.ts';
export { createEnvelopeReader, END_OF_STREAM, enveloped } from './rpc/envelopes.ts';
export { createGatewayTransport, type GatewayTransportOptions } from './rpc/gateway-transport.ts';
export { multiplexCalls } from './rpc/multiplexer.ts';
export { openGatewayTransport } from './rpc/open-gateway-transport.ts';
export { type CertificateExpiry, createCertificateExpiry } from './tls/certificate-expiry.ts';
export { describeTlsFailure } from './tls/describe-tls-failure.ts';
export { type FollowedTlsFiles, followTlsFiles } from './tls/followed-files.ts';
export { followOwnTlsFiles, readOwnTlsFiles } from './tls/own-tls-files.ts';
export type { ListenTls } from './tls/tls-acceptor.ts';
export { followTlsClient, type TlsClient } from './tls/tls-client.ts';
export { TlsFileError, type TlsFiles, type TlsMaterial } from './tls/tls-files.ts';
export type { TlsIdentity, TlsSettings } from './tls/tls-identity.ts';
export { createTlsPools, logTlsProblems, type TlsPools } from './tls/tls-pool.ts';
export { createProbeTokens, type ProbeTokens } from './tokens/probe-tokens.ts';
