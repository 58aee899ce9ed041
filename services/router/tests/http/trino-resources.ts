// What Trino's servers serve: the JAX-RS annotations of their published jars (io.trino:trino-server-core:476, io.trino:trino-main:483 with
// all that it needs). Every GET serves HEAD, too, and every path OPTIONS.

/** In 476 and 483. */
export const inBoth = `
GET /
GET /metrics
GET /oauth2/callback
GET /oauth2/token/initiate/{id}
DELETE /oauth2/token/{id}
GET /oauth2/token/{id}
GET /ui
GET /ui/api/cluster
GET /ui/api/query
GET /ui/api/query/{id}
PUT /ui/api/query/{id}/killed
PUT /ui/api/query/{id}/preempted
GET /ui/api/stats
GET /ui/api/worker
GET /ui/api/worker/{id}/status
GET /ui/api/worker/{id}/task/{id}
GET /ui/api/worker/{id}/thread
GET /ui/assets/{path}
GET /ui/logout
GET /ui/logout/logout.html
GET /ui/{path}
GET /v1/announcement/static
POST /v1/announcement/static
DELETE /v1/announcement/static/{id}
DELETE /v1/announcement/{id}
PUT /v1/announcement/{id}
GET /v1/info
GET /v1/info/coordinator
GET /v1/info/state
PUT /v1/info/state
GET /v1/maxActiveSplits
GET /v1/memory
GET /v1/node
GET /v1/node/failed
GET /v1/query
DELETE /v1/query/{id}
GET /v1/query/{id}
PUT /v1/query/{id}/killed
PUT /v1/query/{id}/preempted
GET /v1/resourceGroupState/{id}
GET /v1/service
GET /v1/service/{id}
GET /v1/service/{id}/{id}
GET /v1/spooled/ack/{id}
GET /v1/spooled/download/{id}
HEAD /v1/statement
POST /v1/statement
DELETE /v1/statement/executing/partialCancel/{id}/{id}/{id}/{id}
DELETE /v1/statement/executing/{id}/{id}/{id}
GET /v1/statement/executing/{id}/{id}/{id}
HEAD /v1/statement/executing/{id}/{id}/{id}
DELETE /v1/statement/queued/{id}/{id}/{id}
GET /v1/statement/queued/{id}/{id}/{id}
GET /v1/status
HEAD /v1/status
GET /v1/store/{id}
POST /v1/store/{id}
PUT /v1/store/{id}/{id}
GET /v1/task
POST /v1/task/pruneCatalogs
DELETE /v1/task/{id}
GET /v1/task/{id}
POST /v1/task/{id}
GET /v1/task/{id}/dynamicfilters
POST /v1/task/{id}/fail
DELETE /v1/task/{id}/results/{id}
GET /v1/task/{id}/results/{id}/{id}
GET /v1/task/{id}/results/{id}/{id}/acknowledge
GET /v1/task/{id}/status
GET /v1/thread
`;

/** In 476 alone. */
export const in476 = `
POST /ui/login
GET /ui/login.html
GET /ui/preview
GET /ui/preview/assets/{path}
GET /ui/preview/auth/info
POST /ui/preview/auth/login
GET /ui/preview/auth/logout
GET /ui/preview/{path}
GET /ui/vendor/{path}
POST /ui/{path}
GET /v1/jmx
GET /v1/jmx/mbean
GET /v1/jmx/mbean/{id}
GET /v1/jmx/mbean/{id}/{id}
GET /v1/queryState
GET /v1/queryState/{id}
`;

/** In 483 alone. */
export const in483 = `
GET /ui/auth/info
POST /ui/auth/login
GET /ui/auth/logout
GET /ui/legacy
GET /ui/legacy/assets/{path}
POST /ui/legacy/login
GET /ui/legacy/login.html
GET /ui/legacy/logout
GET /ui/legacy/vendor/{path}
GET /ui/legacy/{path}
POST /ui/legacy/{path}
GET /ui/static/disabled.html
GET /ui/static/{path}
GET /v1/announce
POST /v1/announce
GET /v1/integrations/gateway/metrics
`;
