package bridge

import "github.com/prometheus/client_golang/prometheus"

// metrics are counted always, and shown where Config.Metrics says so. No label holds a
// name or a JID.
type metrics struct {
	calls         prometheus.Gauge
	callsTotal    *prometheus.CounterVec
	setup         prometheus.Histogram
	duration      prometheus.Histogram
	refused       *prometheus.CounterVec
	refusedCalls  *prometheus.CounterVec
	rejected      *prometheus.CounterVec
	limited       *prometheus.CounterVec
	candidates    *prometheus.CounterVec
	logins        *prometheus.CounterVec
	presence      prometheus.Counter
	subscriptions prometheus.Gauge
	rooms         prometheus.Gauge
	accounts      prometheus.Gauge
	visitors      prometheus.Gauge
	panics        prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jinglebridge_" + name, Help: help}, labels)
	}
	m := &metrics{
		calls:         prometheus.NewGauge(prometheus.GaugeOpts{Name: "jinglebridge_calls", Help: "Calls that ring or run."}),
		callsTotal:    counter("calls_total", "Calls that ended, by direction and by the reason browsers hear.", "direction", "reason"),
		setup:         prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jinglebridge_call_setup_seconds", Help: "From the call to its answer.", Buckets: []float64{.25, .5, 1, 2, 4, 8, 16, 32, 64}}),
		duration:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jinglebridge_call_duration_seconds", Help: "From the answer to the end.", Buckets: prometheus.ExponentialBuckets(5, 3, 8)}),
		refused:       counter("requests_refused_total", "Requests of browsers that got an error, by its code.", "code"),
		refusedCalls:  counter("calls_refused_total", "Calls from XMPP that rang nobody, by the reason given.", "reason"),
		rejected:      counter("stanzas_ignored_total", "Stanzas that reached the calls and were not understood.", "reason"),
		limited:       counter("limited_total", "What was refused because there was too much of it, by limit.", "limit"),
		candidates:    counter("candidates_dropped_total", "ICE candidates that were not passed on, and why.", "why"),
		logins:        counter("logins_total", "Logins of browsers.", "method", "result"),
		presence:      prometheus.NewCounter(prometheus.CounterOpts{Name: "jinglebridge_presence_sent_total", Help: "Presence stanzas sent."}),
		subscriptions: prometheus.NewGauge(prometheus.GaugeOpts{Name: "jinglebridge_subscriptions", Help: "Entries of all contact lists."}),
		rooms:         prometheus.NewGauge(prometheus.GaugeOpts{Name: "jinglebridge_rooms", Help: "Rooms with somebody in them."}),
		accounts:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "jinglebridge_accounts", Help: "XMPP accounts that browsers are logged in with."}),
		visitors:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "jinglebridge_visitors", Help: "Visitors of pages."}),
		panics:        prometheus.NewCounter(prometheus.CounterOpts{Name: "jinglebridge_panics_total", Help: "Turns of the loop that failed; each is a bug."}),
	}
	if r != nil {
		r.MustRegister(m.calls, m.callsTotal, m.setup, m.duration, m.refused, m.refusedCalls, m.rejected, m.limited,
			m.candidates, m.logins, m.presence, m.subscriptions, m.rooms, m.accounts, m.visitors, m.panics)
	}
	return m
}
