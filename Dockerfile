# One static binary and the roots of TLS; no shell, no root.
FROM docker.io/library/golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /jinglebridge ./cmd/jinglebridge

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /jinglebridge /jinglebridge
USER 65532:65532
ENTRYPOINT ["/jinglebridge"]
CMD ["serve"]
