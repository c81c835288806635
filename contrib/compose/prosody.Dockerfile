# Debian's Prosody in the foreground.
FROM docker.io/library/debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends prosody lua-unbound ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /run/prosody && chown prosody:prosody /run/prosody
USER prosody
CMD ["prosody", "-F"]
