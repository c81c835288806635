package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// provenFor is how long an answered ping proves that the link works.
const provenFor = 60 * time.Second

// newRegistry has what is known of the process itself; the rooms add theirs.
func newRegistry() *prometheus.Registry {
	b := thisBuild()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "jinglebridge_build_info",
		Help:        "What this binary was made of; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "go": b.Go},
	})
	info.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(info,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// admin answers those who run the bridge: /healthz, /readyz, /metrics, /version.
type admin struct {
	link     func() (up bool, proven time.Time)
	twin     func() bool
	store    func() error // why nothing is kept
	now      func() time.Time
	stopping <-chan struct{} // closed when the bridge no longer takes calls
	registry *prometheus.Registry
}

func (a *admin) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, thisBuild())
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{Registry: a.registry}))
	return mux
}

// ready is 200 while calls to and from XMPP can work: the link is up, was proven less than
// a minute ago, and is ours alone.
func (a *admin) ready(w http.ResponseWriter, r *http.Request) {
	up, proven := a.link()
	age := a.now().Sub(proven)
	reason := ""
	select {
	case <-a.stopping:
		reason = "stopping"
	default:
		switch {
		case !up:
			reason = "not attached to the XMPP server"
		case proven.IsZero():
			reason = "the XMPP server has not answered yet"
		case age >= provenFor:
			reason = "the XMPP server has not answered for " + age.Truncate(time.Second).String()
		case a.twin():
			reason = "another bridge uses the same domain"
		case a.store() != nil:
			reason = "the store cannot be written: " + a.store().Error()
		}
	}
	if reason != "" {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "reason": reason})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ready"})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the asker went away
}

// serve answers on ln until ctx ends.
func (a *admin) serve(ctx context.Context, ln net.Listener, log *slog.Logger) error {
	server := &http.Server{
		Handler:           a.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
