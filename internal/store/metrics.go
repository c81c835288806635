package store

import "github.com/prometheus/client_golang/prometheus"

// metrics are what an operator sees of the store.
type metrics struct {
	commit   prometheus.Histogram
	changes  prometheus.Counter
	errors   prometheus.Counter
	refused  prometheus.Counter
	writable prometheus.Gauge
	queue    prometheus.GaugeFunc
}

func newMetrics(queued func() int) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "jinglebridge", Subsystem: "store", Name: name, Help: help}
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
	}
	m := &metrics{
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "jinglebridge", Subsystem: "store", Name: "commit_seconds",
			Help:    "Time until a group of changes is on disk.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .25, .5, 1, 5},
		}),
		changes:  counter("changes_total", "Changes that were stored."),
		errors:   counter("errors_total", "Groups of changes that could not be stored."),
		refused:  counter("refused_total", "Changes refused because too many were waiting."),
		writable: prometheus.NewGauge(prometheus.GaugeOpts(opts("writable", "1 while changes can be stored."))),
		queue: prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("queue", "Changes waiting to be stored.")),
			func() float64 { return float64(queued()) }),
	}
	m.writable.Set(1)
	return m
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.commit, m.changes, m.errors, m.refused, m.writable, m.queue}
}

// Describe and Collect make a Store a prometheus.Collector, to be registered by its owner.
func (s *Store) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range s.metrics.all() {
		c.Describe(ch)
	}
}

// Collect gives the numbers of this moment.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	for _, c := range s.metrics.all() {
		c.Collect(ch)
	}
}
