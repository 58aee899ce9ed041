/** The last Trino release whose server is published as a Maven artifact. It runs where no other version is asked for. */
export const TRINO_VERSION = '476';

/** The newest release that can be assembled: its server is published as a library only, with the jars it needs. */
export const NEWEST_VERSION = '483';

/** The releases that can be started here. */
export type TrinoVersion = typeof TRINO_VERSION | typeof NEWEST_VERSION;

/** The oldest Java that each starts on. */
export const OLDEST_JAVA: Readonly<Record<TrinoVersion, number>> = { [TRINO_VERSION]: 24, [NEWEST_VERSION]: 25 };

/** The JDBC driver the clients are tried with; newer than the server on purpose, as in most installations. */
export const JDBC_VERSION = '484';

/** Pinned, so that two machines fetch by the same code; it needs Maven 3.6.3. Older ones want the whole family tree of the driver. */
export const DEPENDENCY_PLUGIN_VERSION = '3.9.0';

/** Which release runs where a call names none: TRINO_GATEWAY_TRINO, else the last published one. @throws Error on any other */
export function chosenVersion(env: NodeJS.ProcessEnv = process.env): TrinoVersion {
  const chosen = env.TRINO_GATEWAY_TRINO || TRINO_VERSION;
  if (chosen === TRINO_VERSION || chosen === NEWEST_VERSION) return chosen;
  throw new Error(
    `Trino ${chosen} cannot be started here (TRINO_GATEWAY_TRINO): ${TRINO_VERSION} or ${NEWEST_VERSION}`,
  );
}
