# Both programs in one image; it runs an agent unless told otherwise:
#   docker build --build-arg BZZZ_COMMIT="$(git describe --always --dirty)" --tag bzzz:0.1.0 .
#   docker run --rm -it bzzz:0.1.0 bzzz-hap run
# Debian, not Alpine: the Deno runtime is linked against glibc.

FROM node:22.20.0-bookworm-slim AS build
WORKDIR /src
RUN npm install --global --no-fund --no-audit deno@2.9.6
# Dependencies first: this layer stays while only the source changes.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY . .
ARG BZZZ_COMMIT=unknown
RUN BZZZ_COMMIT="$BZZZ_COMMIT" deno run -A internal/tools/build/main.ts --mode=self-extracting
# Unpacked and rehearsed once, here: the image holds one runtime and what a start compiles, and the first 8 KiB of each executable are its launcher.
RUN set -eu; \
    mkdir -p /opt/bzzz/bin; \
    for program in bzzz-agent bzzz-hap; do \
      BZZZ_CACHE_DIR=/opt/bzzz "dist/$program" --version; \
      head -c 8192 "dist/$program" > "/opt/bzzz/bin/$program"; \
      ln -sf deno /opt/bzzz/rt-*/"$program"; \
    done; \
    rm -rf /opt/bzzz/state; \
    chmod -R a=rX /opt/bzzz; \
    chmod a+x /opt/bzzz/bin/*

FROM debian:bookworm-20250630-slim
LABEL org.opencontainers.image.title="BZZZ" \
      org.opencontainers.image.description="A serverless mesh of AI agents and the people in charge of them" \
      org.opencontainers.image.licenses="MIT"
# `ps` measures the memory of the programs an agent starts.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends procps \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 bzzz \
 && useradd --system --uid 10001 --gid bzzz --no-create-home --home-dir /var/lib/bzzz --shell /usr/sbin/nologin bzzz \
 && install --directory --owner=bzzz --group=bzzz --mode=0700 /var/lib/bzzz
COPY --from=build /opt/bzzz /opt/bzzz
COPY LICENSE /usr/share/doc/bzzz/LICENSE
# The data folder is below the volume: who mounts it may change the mode of its root, and keys must stay private.
ENV PATH=/opt/bzzz/bin:/usr/local/bin:/usr/bin:/bin \
    BZZZ_CACHE_DIR=/opt/bzzz \
    BZZZ_HOME=/var/lib/bzzz/node
USER 10001:10001
WORKDIR /var/lib/bzzz
VOLUME /var/lib/bzzz
# agent: API, health, P2P; portal: API, health, P2P
EXPOSE 8080 8081 9000 8090 8091 9010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["/opt/bzzz/bin/bzzz-agent", "health", "--json"]
CMD ["/opt/bzzz/bin/bzzz-agent", "run"]
