import { EXPLAIN_PREFIX, PROBE_SOURCE } from '@trino-gateway/trino/probe-source';

/**
 * A condition on system.runtime.queries: the statement is not one of the gateway's own. Another client's statement may name our
 * source, and our user may run other statements: only both together are a probe. Routing explains statements as their users; what
 * begins like that costs a cluster little, whoever sent it.
 */
export const NOT_OUR_OWN = `(source IS DISTINCT FROM '${PROBE_SOURCE}' OR ("user" <> current_user AND query NOT LIKE '${EXPLAIN_PREFIX}%'))`;
