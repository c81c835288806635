package main

import (
	"io"
	"log/slog"
	"os"
)

// newLogger logs to w: text for people, JSON for machines.
func newLogger(w io.Writer, level, format string) *slog.Logger {
	var lowest slog.Level
	// The levels of config.toml are slog's own words.
	if err := lowest.UnmarshalText([]byte(level)); err != nil {
		lowest = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: lowest, ReplaceAttr: readable}
	if format == "json" || format == "auto" && !terminal(w) {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// readable writes times as 1.5s; JSON would have nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
