import type { ServerResponse } from 'node:http';

/** Answers an error outside of the RPCs, in the shape of theirs. */
export function answerError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ code, message: message.toWellFormed() }));
}
