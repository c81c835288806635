package component

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what an operator sees of the links. No label holds a name or a JID.
type metrics struct {
	up         prometheus.Gauge
	ups        prometheus.Counter
	downs      *prometheus.CounterVec // reason
	rtt        prometheus.Histogram
	stanzas    *prometheus.CounterVec // dir, kind
	rejected   *prometheus.CounterVec // reason
	iqTimeouts prometheus.Counter
	twin       prometheus.Gauge
	panics     prometheus.Counter
	limitedBy  *prometheus.CounterVec // limit

	in, out map[string]prometheus.Counter // stanzas by kind, looked up once
}

// newMetrics makes those of a component, or with no queue those of all accounts together.
func newMetrics(reg prometheus.Registerer, subsystem string, queued func() int) (*metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "jinglebridge", Subsystem: subsystem, Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts(opts(name, help)))
	}
	m := &metrics{
		up:    gauge("link_up", "Links to XMPP servers that are up."),
		ups:   counter("link_ups_total", "Times a link came up."),
		downs: counters("link_downs_total", "Times a link went down or could not be made, by reason.", "reason"),
		rtt: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "jinglebridge", Subsystem: subsystem, Name: "rtt_seconds",
			Help:    "Time a ping to ourselves takes through the server.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .25, .5, 1, 5, 30},
		}),
		stanzas:    counters("stanzas_total", "Stanzas by direction and kind.", "dir", "kind"),
		rejected:   counters("stanzas_rejected_total", "Stanzas refused or dropped, by reason.", "reason"),
		iqTimeouts: counter("iq_timeouts_total", "Requests of ours that nobody answered in time."),
		twin:       gauge("twin", "1 while another bridge seems to use the same domain."),
		panics:     counter("panics_total", "Stanzas whose handling panicked."),
		limitedBy:  counters("limited_total", "What a limit refused, by limit.", "limit"),
		in:         map[string]prometheus.Counter{}, out: map[string]prometheus.Counter{},
	}
	for _, kind := range []string{"iq", "message", "presence"} {
		m.in[kind] = m.stanzas.WithLabelValues("in", kind)
		m.out[kind] = m.stanzas.WithLabelValues("out", kind)
	}
	if reg == nil {
		return m, nil
	}
	collectors := []prometheus.Collector{m.up, m.ups, m.downs, m.stanzas, m.rejected, m.iqTimeouts, m.panics, m.limitedBy}
	if queued != nil {
		queue := prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("send_queue", "Stanzas waiting to be sent.")),
			func() float64 { return float64(queued()) })
		collectors = append(collectors, m.rtt, m.twin, queue)
	}
	for _, c := range collectors {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) reject(reason string) { m.rejected.WithLabelValues(reason).Inc() }
func (m *metrics) limited(limit string) { m.limitedBy.WithLabelValues(limit).Inc() }
