import { startScriptedTrino } from '@trino-gateway/testing';
import type { Reply } from './client.ts';
import { startAuthProvider } from './fake-auth-provider.ts';
import { startTestbed } from './testbed.ts';

/** The challenge of delegated authentication. */
export const challenge = 'Basic realm="Trino"';

/** The messages of a refused client. */
export const refused = (reply: Reply) => ({
  status: reply.status,
  challenge: reply.headers['www-authenticate'],
  text: reply.text,
});

/** A cluster that a policy with delegated authentication leads to, the provider, and a router before them. */
export async function startGuardedRouter({
  trino: scripted,
  more,
  ...options
}: Parameters<typeof startTestbed>[0] & {
  trino?: Parameters<typeof startScriptedTrino>[0];
  /** Further clusters. */
  more?: Record<string, { url: string }>;
} = {}) {
  const trino = await startScriptedTrino(scripted);
  const provider = await startAuthProvider();
  const router = await startTestbed({
    clusters: { ...more, trino },
    authDelegated: true,
    ...options,
    config: { auth_provider_url: provider.url, auth_provider_key: 'provider-key', ...options.config },
  });
  return {
    trino,
    provider,
    router,
    [Symbol.asyncDispose]: async () => {
      await router[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
      await trino.stop();
    },
  };
}
