/**
 * How many connections to clusters stay open, and how long. Trino closes idle ones after 200 s; the router must do so before,
 * or a request may meet a connection that is being closed.
 */
export const POOL = { keepAlive: true, maxFreeSockets: 256, timeout: 60_000 } as const;
