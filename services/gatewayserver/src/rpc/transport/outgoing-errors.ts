import { base64Decode } from '@bufbuild/protobuf/wire';
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import { invalid } from '../../configuration/validation.ts';

/** What Connect puts before the reason why a message cannot be decoded. */
const UNREADABLE = 'parse binary: ';

/**
 * A request gate that also corrects all errors that are answered. Handlers of all protocols abort their context with the error
 * before they write it; no other place sees all errors.
 */
export function withOutgoingErrors(gate: (context: HandlerContext) => void): (context: HandlerContext) => void {
  return (context) => {
    context.signal.addEventListener('abort', () => outgoingError(context.signal.reason), { once: true });
    gate(context);
    if (context.requestMethod === 'GET') refuseBadQuery(context.url);
  };
}

/** Other failures while a request is read are no Connect errors, and would be answered as internal ones. */
function refuseBadQuery(url: string): void {
  const parameters = new URL(url).searchParams;
  if (parameters.get('base64') !== '1') return;
  try {
    base64Decode(parameters.get('message') ?? '');
  } catch {
    throw invalid('message', 'expected base64');
  }
}

/** Bytes that cannot be decoded are the caller's fault, and half a surrogate pair cannot be sent in a header. */
export function outgoingError<Thrown>(error: Thrown): Thrown {
  if (!(error instanceof ConnectError)) return error;
  const { code, rawMessage } = error;
  const isUnreadable = code === Code.Internal && rawMessage.startsWith(UNREADABLE);
  const message = isUnreadable ? `the message cannot be read: ${rawMessage.slice(UNREADABLE.length)}` : rawMessage;
  return Object.assign(error, { code: isUnreadable ? Code.InvalidArgument : code, rawMessage: message.toWellFormed() });
}
