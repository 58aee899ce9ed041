/** The last Trino release whose server is published as a Maven artifact. */
export const TRINO_VERSION = '476';

/** The JDBC driver the clients are tried with; newer than the server on purpose, as in most installations. */
export const JDBC_VERSION = '484';

/** Pinned, so that two machines fetch by the same code; it needs Maven 3.6.3. Older ones want the whole family tree of the driver. */
export const DEPENDENCY_PLUGIN_VERSION = '3.9.0';

/** The oldest Java that Trino 476 starts on. */
export const OLDEST_JAVA = 24;
