import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Stub, startStub } from './stub-cluster.ts';

/** An authentication provider that knows alice's and bob's passwords, and keeps what it was asked. */
export type FakeAuthProvider = Stub & { asked: { body: string; key: string | undefined }[] };

/** What alice's password is. */
export const password = 'open-sesame';

/** Starts one; `answer` instead of the right answer. */
export async function startAuthProvider(
  answer?: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<FakeAuthProvider> {
  const asked: FakeAuthProvider['asked'] = [];
  const stub = await startStub((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      asked.push({ body, key: request.headers['x-auth-key'] as string | undefined });
      if (answer !== undefined) {
        answer(response, request);
        return;
      }
      const { email, token } = JSON.parse(body) as { email: string; token: string };
      response.end(JSON.stringify({ ok: ['alice', 'bob'].includes(email) && token === password }));
    });
  });
  return { ...stub, [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](), asked };
}

/** An Authorization line. */
export const basic = (user: string, secret = password): string[] => [
  'Authorization',
  `Basic ${Buffer.from(`${user}:${secret}`, 'latin1').toString('base64')}`,
];
