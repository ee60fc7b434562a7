# Builds the gateway, then copies only what it needs to run.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
COPY console ./console
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
# The admin listener stays on the container's loopback address, where the health check asks it.
ENV NODE_ENV=production CESS_S3_LISTEN=0.0.0.0:9000 CESS_S3_DATA_DIR=/data
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
# `cess-s3 init` takes the texts of the settings from it.
COPY docs/configuration.md ./docs/
RUN install -d -m 700 -o node -g node /data
USER node
VOLUME /data
EXPOSE 9000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["node", "dist/src/main.js", "health"]
ENTRYPOINT ["node", "dist/src/main.js"]
# CESS_S3_CONFIG names its configuration file; the other variables outrank it.
CMD ["serve"]
