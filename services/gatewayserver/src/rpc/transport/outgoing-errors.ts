import { base64Decode } from '@bufbuild/protobuf/wire';
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import { invalid } from '../../configuration/validation.ts';

/** What Connect puts before the reason why bytes are not the message they should be. */
const UNREADABLE = 'parse binary: ';

/**
 * A request gate that also makes errors fit to leave, whoever made them. Handlers of all protocols abort their context
 * with the error before they write it, and there is no other place through which all errors pass.
 */
export function withOutgoingErrors(gate: (context: HandlerContext) => void): (context: HandlerContext) => void {
  return (context) => {
    context.signal.addEventListener('abort', () => outgoingError(context.signal.reason), { once: true });
    gate(context);
    if (context.requestMethod === 'GET') refuseBadQuery(context.url);
  };
}

/** What else fails while a request is read is no error of Connect's, and so would be called internal. */
function refuseBadQuery(url: string): void {
  const parameters = new URL(url).searchParams;
  if (parameters.get('base64') !== '1') return;
  try {
    base64Decode(parameters.get('message') ?? '');
  } catch {
    throw invalid('message', 'expected base64');
  }
}

/** Bytes that cannot be read are the caller's fault, and half a surrogate pair cannot stand in a header. */
export function outgoingError<Thrown>(error: Thrown): Thrown {
  if (!(error instanceof ConnectError)) return error;
  const { code, rawMessage } = error;
  const isUnreadable = code === Code.Internal && rawMessage.startsWith(UNREADABLE);
  const message = isUnreadable ? `the message cannot be read: ${rawMessage.slice(UNREADABLE.length)}` : rawMessage;
  return Object.assign(error, { code: isUnreadable ? Code.InvalidArgument : code, rawMessage: message.toWellFormed() });
}
