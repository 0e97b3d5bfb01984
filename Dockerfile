# syntax=docker/dockerfile:1

# Builds dist/ and leaves only what runs.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production \
    ENVOY2MQTT_STATE_DIR=/state \
    ENVOY2MQTT_LOG_FORMAT=json
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config/envoy2mqtt.example.yaml ./config/
# Owned by the user that runs, so that a named volume mounted here is too.
RUN install -d -o 65532 -g 65532 -m 0700 /state
USER 65532:65532
VOLUME /state
# Nothing but /state is written: run it with --read-only.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "dist/cli/health.js"]
ENTRYPOINT ["node", "dist/main.js"]
