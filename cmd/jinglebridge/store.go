package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/store"
)

// storeCommands look into the store, or put another in its place.
type storeCommands struct {
	Snapshot storeSnapshot `cmd:"" help:"Copy the store, also while the bridge runs."`
	Restore  storeRestore  `cmd:"" help:"Put a snapshot in the place of the store, when the bridge has stopped."`
	Check    storeCheck    `cmd:"" help:"Say whether the store is whole, also while the bridge runs."`
	Calls    storeCalls    `cmd:"" help:"Print the records of calls, also while the bridge runs."`
}

// path is where the store is, by the configuration.
func (f configFlags) path() (string, error) {
	l, err := f.load()
	switch {
	case err != nil:
		return "", err
	case l.cfg.Store == "":
		return "", errors.New("there is no store: store.path is empty")
	}
	return l.cfg.Store, nil
}

type storeSnapshot struct {
	configFlags
	To string `arg:"" placeholder:"FILE" help:"Where to; a file that is there is replaced."`
}

func (c *storeSnapshot) Run(ctx context.Context) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	return store.Snapshot(ctx, path, c.To)
}

type storeRestore struct {
	configFlags
	From string `arg:"" placeholder:"FILE" help:"A snapshot."`
}

func (c *storeRestore) Run(ctx context.Context, s streams) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	kept, err := store.Restore(ctx, path, c.From)
	if err == nil && kept != "" {
		_, err = fmt.Fprintln(s.stdout, "what was there is now", kept)
	}
	return err
}

type storeCheck struct{ configFlags }

func (c *storeCheck) Run(ctx context.Context, s streams) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	state, err := store.Check(ctx, path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.stdout, "the store is good: %d names, %d contacts, %d tabs online, %d missed calls\n",
		len(state.Names), len(state.Contacts), len(state.Online), len(state.Missed))
	return err
}

type storeCalls struct {
	configFlags
	Since time.Duration `default:"24h" placeholder:"24h" help:"Those that have ended since so long (${default})."`
	JSON  bool          `name:"json" help:"One JSON object for each, on a line."`
}

// callLine is a call as --json prints it.
type callLine struct {
	ID        string     `json:"call"` // as in the log
	Direction string     `json:"direction"`
	From      string     `json:"from"`
	To        string     `json:"to"`
	Media     string     `json:"media"`
	Began     time.Time  `json:"began"`
	Answered  *time.Time `json:"answered,omitempty"`
	Ended     time.Time  `json:"ended"`
	Reason    string     `json:"reason"`
}

func (c *storeCalls) Run(ctx context.Context, s streams) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	since := time.Now().Add(-c.Since)
	if c.JSON {
		out := json.NewEncoder(s.stdout)
		out.SetEscapeHTML(false)
		return store.Calls(ctx, path, since, func(r store.CallRecord) error {
			line := callLine{r.ID, r.Direction, r.From, r.To, r.Media, r.Began, nil, r.Ended, r.Reason}
			if !r.Answered.IsZero() {
				line.Answered = &r.Answered
			}
			return out.Encode(line)
		})
	}
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BEGAN\tFROM\tTO\tMEDIA\tLENGTH\tREASON")
	err = store.Calls(ctx, path, since, func(r store.CallRecord) error {
		length := "-"
		if !r.Answered.IsZero() {
			length = r.Ended.Sub(r.Answered).Round(time.Second).String()
		}
		_, err := fmt.Fprintf(table, "%s\t%q\t%q\t%s\t%s\t%s\n", r.Began.Local().Format(time.DateTime), r.From, r.To, r.Media, length, r.Reason)
		return err
	})
	return errors.Join(err, table.Flush())
}
