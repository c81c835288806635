package tutorial

import (
	"context"
	"testing"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/auth"
	"github.com/jinglebridge/jinglebridge/web"
)

// slow lets everybody in, when it has thought about it.
type slow struct{ allow chan struct{} }

func (slow) Methods() []string { return []string{"none"} }

func (s slow) Check(ctx context.Context, r auth.Request) (auth.Grant, error) {
	select {
	case <-s.allow:
		return auth.Grant{Method: "none", Name: r.Name}, nil
	case <-ctx.Done():
		return auth.Grant{}, ctx.Err()
	}
}

// What a page says while its login is checked, of which it knows nothing, is not lost.
func TestSlowLogin(t *testing.T) {
	gate := slow{make(chan struct{})}
	o := newTown(t, web.Limits{}, Config{}, gate)
	page := o.page(o.codelab, 4)
	page.say(`["create or join","foo"]`)
	time.AfterFunc(200*time.Millisecond, func() { close(gate.allow) })
	page.want(`["created","foo","` + page.id + `"]`)
}
