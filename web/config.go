package web

import (
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/web/page"
)

// Dialect is the text of the error that old clients get for a message of unknown type. The
// two tutorials differ in it.
type Dialect string

// The dialects; the type or "undefined" follows after a colon.
const (
	UnrecognizedCommand Dialect = "Unrecognized command"
	CommandNotFound     Dialect = "Command not found"
)

// Config says who may connect and what is served. Zero durations and limits take the defaults.
type Config struct {
	Handler Handler

	Origins        []string // scheme://host[:port] of the pages that may connect, "null", "*"; empty: those we serve
	AnyOrigin      bool     // "*" holds for listeners beyond loopback, too
	BehindProxy    bool     // a reverse proxy is before us; X-Forwarded-… of TrustedProxies is believed
	TrustedProxies []string // addresses and networks; empty: loopback
	Dialect        Dialect  // UnrecognizedCommand when empty

	LoginTimeout  time.Duration // 60 s; on loopback 10 min, as tutorial pages connect first and ask for the name then
	HeaderTimeout time.Duration // 5 s for an HTTP request's header
	WriteTimeout  time.Duration // 5 s for a browser to take a message
	PingInterval  time.Duration // 25 s
	PongTimeout   time.Duration // 10 s; at most PingInterval
	Limits        Limits

	Page fs.FS // the files to serve; nil: those of package page

	// Visits are the pages that have visitors: their titles, by name in lower case. Each is
	// served at /call/ and its name.
	Visits  map[string]string
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: counted, not registered
}

// WithDefaults returns the configuration with its defaults filled in.
func (c Config) WithDefaults() Config {
	for _, d := range []struct {
		time  *time.Duration
		value time.Duration
	}{
		{&c.HeaderTimeout, 5 * time.Second}, {&c.WriteTimeout, 5 * time.Second},
		{&c.PingInterval, 25 * time.Second}, {&c.PongTimeout, 10 * time.Second},
	} {
		if *d.time <= 0 {
			*d.time = d.value
		}
	}
	if c.Dialect == "" {
		c.Dialect = UnrecognizedCommand
	}
	if c.Page == nil {
		c.Page = page.Files
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	return c
}
