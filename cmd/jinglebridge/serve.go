package main

import (
	"context"
	"log/slog"
)

func serve(ctx context.Context, c *Config, log *slog.Logger) error {
	<-ctx.Done()
	return nil
}
