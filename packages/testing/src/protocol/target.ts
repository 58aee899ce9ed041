/** Where the tests run: a cluster that processes forwarded headers, and one that rejects them. */
export type ProtocolTarget = { url: string; rejectingUrl: string | undefined };
