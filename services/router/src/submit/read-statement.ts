import type { RouterConfig } from '@trino-gateway/config';
import { emptyStatementMessage, statementBodyProblem } from '@trino-gateway/trino';
import { openSubmission, type Submission } from '../dispatch/submission.ts';
import { readRequestBody } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerError } from '../http/responses.ts';
import { type RefuseDeps, refuse } from './refuse.ts';

export type ReadStatementDeps = RefuseDeps & { config: Pick<RouterConfig, 'max_statement_bytes'>; now: () => number };

/** The statement in the body of a request; undefined when there is none, and the client has its answer or has gone. */
export async function readStatement(context: ReadStatementDeps, exchange: Exchange): Promise<Submission | undefined> {
  const { request, response } = exchange;
  const { config, now } = context;
  const submittedAt = now();
  const body = await readRequestBody(request, config.max_statement_bytes, exchange);
  if (body.kind === 'abandoned') return undefined;
  const problem = statementBodyProblem(request.rawHeaders, body.kind === 'whole' ? body.bytes : Buffer.alloc(0));
  if (problem !== undefined) {
    answerError(response, 415, problem);
    return undefined;
  }
  if (body.kind === 'tooLong') {
    // A client that is still sending, after all that was thrown away, is cut off once it has its answer.
    if (!request.complete) {
      response.shouldKeepAlive = false;
      response.once('finish', () => request.socket.destroySoon());
    }
    const message = `Query text length exceeds the maximum length of ${config.max_statement_bytes} bytes (router.max_statement_bytes)`;
    const submission = openSubmission(exchange, Buffer.alloc(0), submittedAt);
    refuse(context, submission, { name: 'QUERY_TEXT_TOO_LARGE', message });
    return undefined;
  }
  if (body.bytes.length > 0) return openSubmission(exchange, body.bytes, submittedAt);
  answerError(response, 400, emptyStatementMessage);
  return undefined;
}
