# One image for each service:
#
#   docker build --target ingress --tag peerbot-ingress .
#
# It takes no BuildKit; with it, only the stages a target needs are built. The worker's image and what it is made for is
# described in docs/worker-image.md.

ARG NODE_IMAGE=node:24-bookworm-slim
# What the images' labels say. The revision comes last in every image: what stands below it is made anew for each commit.
ARG VERSION=0.1.0
ARG REVISION=""

# Only what npm reads. These files change rarely, so what is installed from them stays in the build's cache.
FROM ${NODE_IMAGE} AS manifests
COPY . /source
RUN cd /source && mkdir /manifests && find . -name package.json -exec cp --parents -t /manifests {} + \
  && cp package-lock.json /manifests

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY --from=manifests /manifests ./

# What all services have in common.
FROM ${NODE_IMAGE} AS service
ARG VERSION
LABEL org.opencontainers.image.licenses="MIT" org.opencontainers.image.version="${VERSION}"
ENV NODE_ENV=production INTERNAL_PORT=9090
WORKDIR /app
COPY docker/healthcheck.mjs docker/
EXPOSE 9090
USER 1000
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=3 CMD ["node", "docker/healthcheck.mjs"]

FROM dependencies AS ingress-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/ingress

FROM service AS ingress
COPY --from=ingress-dependencies /app ./
COPY libs libs
COPY services/ingress services/ingress
EXPOSE 3000
CMD ["node", "services/ingress/src/main.ts"]
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot ingress" \
  org.opencontainers.image.description="Slack in: verify, dedupe, admit, append, enqueue, acknowledge" \
  org.opencontainers.image.revision="${REVISION}"

FROM dependencies AS launcher-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/launcher

FROM service AS launcher
COPY --from=launcher-dependencies /app ./
COPY libs libs
COPY services/launcher services/launcher
CMD ["node", "services/launcher/src/main.ts"]
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot launcher" \
  org.opencontainers.image.description="Starts one worker per active session and notices every way it can end" \
  org.opencontainers.image.revision="${REVISION}"

FROM dependencies AS gateway-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/gateway

FROM service AS gateway
USER root
RUN install --directory --owner=1000 --group=1000 /conversations
USER 1000
COPY --from=gateway-dependencies /app ./
COPY libs libs
COPY services/gateway services/gateway
EXPOSE 3200
CMD ["node", "services/gateway/src/main.ts"]
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot gateway" \
  org.opencontainers.image.description="All a worker can reach: its assignment, inbox, events, memory, model, git and pull request" \
  org.opencontainers.image.revision="${REVISION}"

FROM dependencies AS streamer-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/streamer

FROM service AS streamer
COPY --from=streamer-dependencies /app ./
COPY libs libs
COPY services/streamer services/streamer
CMD ["node", "services/streamer/src/main.ts"]
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot streamer" \
  org.opencontainers.image.description="Session events to Slack messages" \
  org.opencontainers.image.revision="${REVISION}"

FROM dependencies AS docker-proxy-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/docker-proxy

FROM service AS docker-proxy
COPY --from=docker-proxy-dependencies /app ./
COPY libs libs
COPY services/docker-proxy services/docker-proxy
EXPOSE 2375
CMD ["node", "services/docker-proxy/src/main.ts"]
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot docker-proxy" \
  org.opencontainers.image.description="Lets the launcher do with a Docker engine what it needs, and nothing else" \
  org.opencontainers.image.revision="${REVISION}"

FROM dependencies AS sandbox-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/sandbox

FROM service AS sandbox
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=1000 --group=1000 /data
USER 1000
COPY --from=sandbox-dependencies /app ./
COPY libs libs
COPY services/sandbox services/sandbox
ENV SANDBOX_HOST=0.0.0.0 SANDBOX_DATA_DIR=/data
EXPOSE 3100
# Everything else waits for it.
HEALTHCHECK --interval=3s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "docker/healthcheck.mjs", "http://127.0.0.1:3100/sandbox/state"]
CMD ["node", "services/sandbox/src/main.ts"]
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot sandbox" \
  org.opencontainers.image.description="Local stand-ins for Slack, GitHub, the Claude API and GCS, with a page; never to be deployed" \
  org.opencontainers.image.revision="${REVISION}"

FROM dependencies AS settings-dependencies
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace @peerbot/runtime --workspace @peerbot/contracts

# Prepares the others' settings for docker-compose.yml; it reads what they read from their sources.
FROM ${NODE_IMAGE} AS settings
WORKDIR /app
RUN for name in secrets ingress launcher gateway streamer sandbox docker-proxy; do \
  install --directory --owner=1000 --group=1000 --mode=750 /settings/$name; done
USER 1000
COPY --from=settings-dependencies /app ./
COPY libs libs
COPY services services
COPY scripts scripts
HEALTHCHECK NONE
CMD ["node", "scripts/compose-settings.ts"]
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot settings" \
  org.opencontainers.image.description="Prepares the settings of the services of docker-compose.yml" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"

# The optional dependencies hold Claude Code's binary, which is for this image alone.
FROM dependencies AS worker-dependencies
RUN npm ci --omit=dev --ignore-scripts --workspace @peerbot/worker \
  # npm passes over an optional package that it could not fetch, and the agent's program is one.
  && ls node_modules/@anthropic-ai/claude-agent-sdk-linux-*/claude

# The tools of the agent.
FROM ${NODE_IMAGE} AS toolchains
RUN apt-get update && apt-get install --yes --no-install-recommends \
  build-essential ca-certificates curl file git git-lfs jq less openssh-client patch pkg-config procps \
  python3 python3-pip python3-venv ripgrep tini unzip wget xz-utils zip \
  # The docker command alone, for runs that have a daemon beside them; the package holds a daemon, too.
  && cd /tmp && apt-get download docker.io && dpkg-deb --fsys-tarfile docker.io_*.deb | tar --extract --directory / ./usr/bin/docker \
  && rm -rf /tmp/docker.io_*.deb /var/lib/apt/lists/*
RUN groupmod --new-name worker node && usermod --login worker --home /home/worker --move-home node \
  && install --directory --owner=1000 --group=1000 /workspace
ENV HOME=/home/worker LANG=C.UTF-8
USER 1000

FROM toolchains AS worker-program
WORKDIR /app
COPY --from=worker-dependencies /app ./
COPY libs libs
COPY services/worker services/worker

# What Node compiled of the program, which it takes for the same paths, user and Node. It makes files for that user alone.
FROM worker-program AS worker-compiled
RUN NODE_COMPILE_CACHE=/tmp/compiled node services/worker/src/main.ts --load && chmod -R a+rX,a-w /tmp/compiled

FROM worker-program AS worker
# Root's, so that no run can leave anything in it; without being told, Docker's older builder would keep the owner.
COPY --from=worker-compiled --chown=0:0 /tmp/compiled compiled
ENV WORKSPACE_DIR=/workspace NODE_COMPILE_CACHE=/app/compiled
# Short-lived, and asked by nobody: the launcher sees how it ends.
HEALTHCHECK NONE
# Commands of the agent leave children behind, which it collects, also where a runner puts something before it.
ENTRYPOINT ["tini", "-s", "--"]
CMD ["node", "/app/services/worker/src/main.ts"]
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="Peerbot worker" \
  org.opencontainers.image.description="One run of one session: workspace, agent, commit, push, save; contains Claude Code, so it is not to be published" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
