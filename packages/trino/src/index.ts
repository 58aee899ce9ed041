export { durationMs } from './durations/duration.ts';
export { parsePageError } from './errors/page-error.ts';
export {
  canceledMessage,
  emptyStatementMessage,
  httpErrorText,
  killedMessage,
  type QueryError,
  queryNotFoundMessage,
  type TrinoErrorName,
  type TrinoErrorType,
  trinoErrors,
  unknownTransactionMessage,
} from './errors/trino-errors.ts';
export {
  type BasicCredentials,
  basicCredentials,
  clientTags,
  connectionPropertiesText,
  credentialsProblem,
  parseConnectionProperties,
  querySource,
  sessionUser,
  type TransactionHeader,
  transactionHeader,
} from './headers/client-headers.ts';
export { type ForwardedElement, forwardedElements } from './headers/forwarded.ts';
export { trimmed } from './headers/header-text.ts';
export {
  preparedStatement,
  preparedStatementNames,
  preparedStatementsProblem,
} from './headers/prepared-statements.ts';
export {
  bothFamiliesMessage,
  type HeaderFamily,
  headerFamily,
  toPrestoHeaders,
  toTrinoHeaders,
  trinoHeader,
  trinoHeaders,
} from './headers/protocol-headers.ts';
export {
  allHeaders,
  firstHeader,
  MOST_HEAD_BYTES,
  type RawHeaders,
  withoutHeaders,
  withoutHopByHop,
} from './headers/raw-headers.ts';
export {
  clientTagProblem,
  sessionPropertyProblem,
  setHeaderProblem,
  settableName,
} from './headers/set-headers.ts';
export { statementBodyProblem } from './headers/statement-body.ts';
export { type Authority, comparableHost, readAuthority } from './identifiers/host.ts';
export { normalizedOrigin, restBelow } from './identifiers/origin.ts';
export {
  coordinatorAlphabet,
  coordinatorSuffix,
  isTemporaryQueryId,
  parseQueryId,
  type QueryId,
  queryIdIn,
  querySuffix,
  temporaryQueryId,
} from './identifiers/query-id.ts';
export { isTransactionId } from './identifiers/transaction-id.ts';
export {
  calledPage,
  type FailedPage,
  failedPage,
  literalPage,
  pageContentType,
  type QueuedPage,
  queuedPage,
  queuedPages,
} from './pages/gateway-pages.ts';
export {
  LinkRewriter,
  type LinkRewriterOptions,
} from './pages/link-rewriter.ts';
export { decodeJsonText, type PageLink, PageScanner, type PageScannerOptions } from './pages/page-scanner.ts';
export { pageWithWait, waitInLink } from './pages/page-with-wait.ts';
export {
  classifyRequest,
  type RefusedRequest,
  type RequestLine,
  type TrinoRequest,
} from './requests/classify-request.ts';
export { coordinatorPath, type NamedCoordinator } from './requests/coordinator-path.ts';
export { loggedPath } from './requests/logged-path.ts';
export {
  authorizationRequest,
  CALLBACK_PATH,
  type LoginLink,
  type LoginStep,
  loginLink,
  loginPath,
  stateIn,
  withChallengeLinks,
} from './requests/login-links.ts';
export { maxWaitMs } from './requests/max-wait.ts';
export { sessionHeadersProblem } from './session/session-headers.ts';
export { sessionProperties, sessionProperty } from './session/session-properties.ts';
export {
  runLimit,
  type TimeLimit,
  timeLimitMessage,
  timeLimitProblem,
  waitLimit,
  withTimeLeft,
} from './session/time-limits.ts';
