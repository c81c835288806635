package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// child is the test binary in a role.
func child(role, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE="+role, "STORE_TEST_PATH="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// change is the n-th of an endless row of changes. Each leaves its number somewhere, and
// most undo what an earlier one did.
func change(n int) Change {
	random := rand.New(rand.NewPCG(uint64(n), 0))
	local, bare := fmt.Sprint("l", random.IntN(8)), fmt.Sprint("b", random.IntN(30))
	at := time.UnixMilli(int64(n)).UTC()
	switch random.IntN(10) {
	case 0:
		return PutName{local, fmt.Sprint(n), "none"}
	case 1:
		return DropContact{local, bare}
	case 2:
		return Online{local + "@x/" + strconv.Itoa(n%50)}
	case 3:
		return Offline{local + "@x/" + strconv.Itoa(n%50)}
	case 4:
		return Missed{Local: local, From: bare, Title: fmt.Sprint(n), At: at}
	case 5:
		if random.IntN(10) == 0 {
			return DropName{local}
		}
		return TakeMissed{local}
	default:
		return PutContact{Local: local, Bare: bare, From: n%2 == 0, Pending: n%3 == 0, Title: fmt.Sprint(n)}
	}
}

// model is what a store should hold, in memory and by simpler means.
type model struct {
	names    map[string]Name
	contacts map[[2]string]Contact
	online   map[string]bool
	missed   []Call
}

func newModel() *model {
	return &model{map[string]Name{}, map[[2]string]Contact{}, map[string]bool{}, nil}
}

func (m *model) make(c Change) {
	switch c := c.(type) {
	case PutName:
		m.names[c.Local] = Name(c)
	case PutContact:
		m.contacts[[2]string{c.Local, c.Bare}] = Contact(c)
	case DropContact:
		delete(m.contacts, [2]string{c.Local, c.Bare})
	case Online:
		m.online[c.JID] = true
	case Offline:
		delete(m.online, c.JID)
	case Missed:
		m.missed = append(m.missed, Call(c))
	case TakeMissed:
		m.take(c.Local)
	case DropName:
		m.take(c.Local)
		delete(m.names, c.Local)
		for key := range m.contacts {
			if key[0] == c.Local {
				delete(m.contacts, key)
			}
		}
	}
}

func (m *model) take(local string) {
	var left []Call
	for _, c := range m.missed {
		if c.Local != local {
			left = append(left, c)
		}
	}
	m.missed = left
}

// is says whether a state is the model's.
func (m *model) is(s State) bool {
	if len(s.Names) != len(m.names) || len(s.Contacts) != len(m.contacts) || len(s.Online) != len(m.online) {
		return false
	}
	for _, n := range s.Names {
		if m.names[n.Local] != n {
			return false
		}
	}
	for _, c := range s.Contacts {
		if m.contacts[[2]string{c.Local, c.Bare}] != c {
			return false
		}
	}
	for _, jid := range s.Online {
		if !m.online[jid] {
			return false
		}
	}
	return len(s.Missed) == len(m.missed) && (len(m.missed) == 0 || reflect.DeepEqual(s.Missed, m.missed))
}

// writeUntilKilled makes changes from the number on that its input names, and says which
// it tries and which are acknowledged.
func writeUntilKilled(path string) int {
	s, err := Open(path, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var from int
	if _, err := fmt.Scan(&from); err != nil {
		return 1
	}
	window := make(chan struct{}, 200) // what is under way; as many as that are committed together
	for n := from; ; n++ {
		window <- struct{}{}
		fmt.Printf("try %d\n", n)
		err := s.Do(change(n), func(err error) {
			if err != nil {
				fmt.Fprintln(os.Stderr, n, err)
				os.Exit(1)
			}
			fmt.Printf("ack %d\n", n)
			<-window
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
}

// killed runs a writer from change n on, kills it after so many lines and a moment, and
// tells the last changes that it tried and that were acknowledged.
func killed(t *testing.T, path string, n, lines int) (tried, acked int) {
	cmd := child("writer", path)
	cmd.Stdin = strings.NewReader(fmt.Sprintln(n))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	tried, acked = n-1, n-1
	for in := bufio.NewScanner(out); in.Scan(); lines-- {
		verb, number, _ := strings.Cut(in.Text(), " ")
		i, err := strconv.Atoi(number)
		if err != nil {
			t.Errorf("writer says %q", in.Text())
			continue
		}
		if verb == "try" {
			tried = i
		} else if acked++; acked != i {
			t.Fatalf("acknowledged %d after %d", i, acked-1)
		}
		if lines == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return tried, acked
}

// After kill -9 the store is as if the changes had been made up to some change: one that
// was tried, and none before the last that was acknowledged.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds, lines := 20, 500
	if *long {
		rounds, lines = 200, 3000
	}
	path := filepath.Join(t.TempDir(), "s.db")
	want, n, acknowledged := newModel(), 0, 0
	var slowest time.Duration // from opening to having all
	for round := range rounds {
		tried, acked := killed(t, path, n, rand.IntN(lines))
		acknowledged += acked - n + 1
		began := time.Now()
		s, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		state, err := s.Load(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(began))
		for ; n <= acked; n++ {
			want.make(change(n))
		}
		for ; n <= tried && !want.is(state); n++ {
			want.make(change(n))
		}
		if !want.is(state) {
			t.Fatalf("round %d: acknowledged up to %d, tried up to %d, and the state is that of none between:\n%+v", round, acked, tried, state)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if slowest > 5*time.Second { // by then nobody may stay green who is gone
		t.Errorf("loaded after %v, want at most 5 s", slowest)
	}
	t.Logf("killed %d times, %d changes acknowledged, none lost; loaded within %v", rounds, acknowledged, slowest)
}
