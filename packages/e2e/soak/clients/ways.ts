import type { Connect } from '../../smuggling/wire/raw-client.ts';

/** How clients reach the router: without limits, by TLS, and where a group with a limit serves them. */
export type Ways = { free: Connect; tls: Connect; limited: Connect };
