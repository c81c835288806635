package web

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what operators see of us (docs/operating.md). Label values are ours, never a
// browser's.
type metrics struct {
	sessions          [2]prometheus.Gauge // not logged in, logged in
	total             prometheus.Counter
	in, out           map[string]prometheus.Counter // messages by type; "" is what has no type
	bytesIn, bytesOut prometheus.Counter
	closes            *prometheus.CounterVec
	refused           *prometheus.CounterVec
	limited           *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	var errs []error
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		v, err := register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jinglebridge_" + name, Help: help}, labels))
		errs = append(errs, err)
		return v
	}
	sessions, err := register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "jinglebridge_ws_sessions", Help: "Open WebSockets, by whether they are logged in."}, []string{"auth"}))
	errs = append(errs, err)
	messages := counters("ws_messages_total", "Messages from (in) and to (out) browsers.", "dir", "type")
	bytes := counters("ws_bytes_total", "Bytes of these messages.", "dir")
	total := counters("ws_sessions_total", "WebSockets opened.")
	m := &metrics{
		closes:  counters("ws_closes_total", "WebSockets closed, by code; 1006 is a lost connection.", "code"),
		refused: counters("ws_refused_total", "WebSockets and messages refused.", "reason"),
		limited: counters("ws_limited_total", "Limits that were reached.", "limit"),
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m.sessions = [2]prometheus.Gauge{sessions.WithLabelValues("false"), sessions.WithLabelValues("true")}
	m.total = total.WithLabelValues()
	m.bytesIn, m.bytesOut = bytes.WithLabelValues("in"), bytes.WithLabelValues("out")
	m.in, m.out = make(map[string]prometheus.Counter), make(map[string]prometheus.Counter)
	for typ, said := range known {
		if said {
			m.in[typ] = messages.WithLabelValues("in", typ)
		}
		m.out[typ] = messages.WithLabelValues("out", typ)
	}
	m.in[""] = messages.WithLabelValues("in", "refused")
	return m, nil
}

// register registers a collector, or finds the one that another Server registered.
func register[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	err := r.Register(c)
	var there prometheus.AlreadyRegisteredError
	if errors.As(err, &there) {
		if c, ok := there.ExistingCollector.(C); ok {
			return c, nil
		}
	}
	return c, err
}

func (m *metrics) closed(code int) {
	label := "other"
	switch {
	case code >= 1000 && code <= 1015, code >= 4000 && code <= 4003:
		label = strconv.Itoa(code)
	}
	m.closes.WithLabelValues(label).Inc()
}
