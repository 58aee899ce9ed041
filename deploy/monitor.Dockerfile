# Probes every backend and reports its health and load.
# From the root of the repository: docker build -f deploy/monitor.Dockerfile -t trino-gateway/monitor .
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /app
COPY tools tools
RUN npm ci --prefix tools --ignore-scripts --omit=optional
ENV PATH=/app/tools/node_modules/.bin:$PATH
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY packages packages
COPY services/monitor services/monitor
COPY deploy/fill-compile-cache.ts deploy/
# The sources run as they are: Node strips their types through the links of the workspace.
RUN pnpm install --prod --frozen-lockfile --filter-prod "@trino-gateway/monitor..."
RUN rm -rf tools

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
WORKDIR /app
ENV NODE_ENV=production
ENV NODE_COMPILE_CACHE=/app/.compile-cache NODE_COMPILE_CACHE_PORTABLE=1
COPY --from=build /app /app
RUN mkdir .compile-cache && chown 65532:65532 .compile-cache
USER 65532:65532
# Node keeps a compile cache for each user, hence after USER.
RUN TRINO_GATEWAY_MONITOR_OPS_LISTEN=127.0.0.1:0 \
    node deploy/fill-compile-cache.ts --max-semi-space-size=4 services/monitor/src/main.ts
EXPOSE 8002
# Of the default ops port: give another one with --health-cmd when you change TRINO_GATEWAY_MONITOR_OPS_LISTEN.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8002/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=4", "services/monitor/src/main.ts"]
