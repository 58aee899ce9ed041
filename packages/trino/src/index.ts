export {
  type BasicCredentials,
  basicCredentials,
  clientTags,
  connectionPropertiesText,
  parseConnectionProperties,
  querySource,
  sessionUser,
  type TransactionHeader,
  transactionHeader,
} from './client-headers.ts';
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
} from './errors.ts';
export {
  bothFamiliesMessage,
  type HeaderFamily,
  headerFamily,
  toPrestoHeaders,
  toTrinoHeaders,
  trinoHeader,
  trinoHeaders,
} from './headers.ts';
export { type Authority, comparableHost, readAuthority } from './host.ts';
export { LinkRewriter, type LinkRewriterOptions, linkRewritingStream, normalizedOrigin } from './link-rewriter.ts';
export { parsePageError } from './page-error.ts';
export { decodeJsonText, type PageLink, PageScanner, type PageScannerOptions } from './page-scanner.ts';
export { calledPage, type FailedPage, failedPage, pageContentType, type QueuedPage, queuedPage } from './pages.ts';
export { preparedStatement, preparedStatementsProblem } from './prepared-statements.ts';
export {
  coordinatorAlphabet,
  coordinatorSuffix,
  isTemporaryQueryId,
  parseQueryId,
  type QueryId,
  queryIdIn,
  querySuffix,
  temporaryQueryId,
} from './query-id.ts';
export { allHeaders, firstHeader, type RawHeaders, withoutHeaders, withoutHopByHop } from './raw-headers.ts';
export { classifyRequest, type RefusedRequest, type RequestLine, type TrinoRequest } from './requests.ts';
export { type SqlToken, sqlTokens } from './sql-tokens.ts';
export { statementBodyProblem } from './statement-body.ts';
export { type StatementKind, type StatementSession, statementKind, statementSession } from './statements.ts';
