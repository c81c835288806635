package auth

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestHash(t *testing.T) {
	hash, err := Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	other, err := Hash("correct horse")
	if err != nil || other == hash {
		t.Errorf("got %q twice, %v", other, err)
	}
	a := newAuth(t, Config{PasswordFile: file(t, "passwords", "Anna Smith:"+hash)})
	want(t, a, Request{Name: "anna smith", Password: "correct horses"}, CodeAuthFailed)
	if g := want(t, a, Request{Name: "anna smith", Password: "correct horse"}, ""); g.Method != "password" || g.Name != "anna smith" || !g.Multi || !g.Until.IsZero() {
		t.Errorf("got %+v", g)
	}
	for _, password := range []string{"", "a\nb", "a\rb", "a\x00b", strings.Repeat("x", maxPassword+1)} {
		if hash, err := Hash(password); err == nil {
			t.Errorf("%.20q: got %q", password, hash)
		}
	}
}

// Hashes of others: argon2's own, and bcrypt by the names that it has with others.
func TestForeignHashes(t *testing.T) {
	for name, hash := range map[string]string{
		// Two test vectors of the reference code.
		"one lane":  "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"two lanes": "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"2a":        "$2a$04$" + cheap(t, "password")[7:], "2b": "$2b$04$" + cheap(t, "password")[7:], "2y": "$2y$04$" + cheap(t, "password")[7:],
	} {
		h, err := parseHash(hash)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !h.matches("password") || h.matches("Password") {
			t.Errorf("%s: does not tell passwords apart", name)
		}
	}
	// bcrypt knows 72 bytes of a password, everywhere.
	h, err := parseHash(cheap(t, strings.Repeat("x", 72)))
	if err != nil || !h.matches(strings.Repeat("x", 100)) {
		t.Errorf("a password of 100 bytes: %v", err)
	}
}

func TestBadHashes(t *testing.T) {
	good := "$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if _, err := parseHash(good); err != nil {
		t.Fatal(err)
	}
	crypt := cheap(t, "x")
	for _, test := range []struct{ hash, want string }{
		{"", "want a hash after the name"}, {"secret", "want a hash after the name"}, {"$", "argon2id or bcrypt"}, {"$$", "argon2id or bcrypt"},
		{"$1$abc$def", `got "1"`}, {"$6$abc$def", `got "6"`}, {"$argon2i$v=19$m=64,t=1,p=1$x$y", `got "argon2i"`}, {"$argon2d$v=19$", `got "argon2d"`}, {"$2x$" + crypt[4:], `got "2x"`},
		{"$apr1$abc$def", `got "apr1"`}, {"{SHA}abc", "want a hash after the name"}, {"$scrypt$x", `got "scrypt"`},
		{strings.Replace(good, "v=19", "v=16", 1), "v=19"}, {good + "$x", "v=19"}, {good[:30], "v=19"},
		{strings.Replace(good, "m=64", "m=15", 1), "want m of 16"}, {strings.Replace(good, "m=64", "m=4294967295", 1), "want m of 16 to 262144"}, {strings.Replace(good, "m=64", "m=-1", 1), "want m"},
		{strings.Replace(good, "m=64", "m=064", 1), "want m"}, {strings.Replace(good, "m=64", "m=+64", 1), "want m"}, {strings.Replace(good, "m=64", "n=64", 1), "want m"},
		{strings.Replace(good, "t=1", "t=0", 1), "want t of 1 to 16"}, {strings.Replace(good, "t=1", "t=17", 1), "want t"}, {strings.Replace(good, "p=2", "p=0", 1), "want p of 1"}, {strings.Replace(good, "p=2", "p=257", 1), "want p"},
		{strings.Replace(good, "p=2", "p=2,keyid=x", 1), "want m=…,t=…,p=…"}, {strings.Replace(good, "c29tZXNhbHQ", "c29t", 1), "salt of 8"}, {strings.Replace(good, "c29tZXNhbHQ", "c29tZXNhbHQ=", 1), "salt"},
		{strings.Replace(good, "RPPc", "RPPd", 1), "hash of 16"}, {good[:60], "hash of 16"}, {strings.Replace(good, "CTFh", strings.Repeat("CTFh", 20), 1), "hash of 16 to 64"},
		{crypt[:59], "60 characters"}, {crypt + "x", "60 characters"}, {crypt[:59] + "!", "60 characters"}, {"$2b$03" + crypt[6:], "60 characters"}, {"$2b$16" + crypt[6:], "cost of 4 to 15, got 16"}, {"$2b$31" + crypt[6:], "got 31"}, {"$2b$xx" + crypt[6:], "60 characters"},
	} {
		_, err := parseHash(test.hash)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.hash, err, test.want)
		}
	}
}

func TestPasswordFile(t *testing.T) {
	crypt := cheap(t, "x")
	f, err := parsePasswordFile("\ufeff# people\r\n\r\n  \t\nAnna:"+crypt+" \t\r\n   # more\nBob Smith:"+crypt, foldCase)
	if err != nil || len(f.hashes) != 2 || !f.has("anna") || !f.has("bob smith") || f.has("Anna") || f.has("") {
		t.Errorf("got %+v %v", f, err)
	}
	for name, test := range map[string]struct{ text, want string }{
		"no colon":      {"anna:" + crypt + "\nhunter2\n", "line 2: want name:hash"},
		"no name":       {":" + crypt, "line 1: name \"\""},
		"a blank name":  {" :" + crypt, `line 1: name " "`},
		"a blank":       {"anna :" + crypt, `line 1: name "anna "`},
		"a password":    {"\n\nanna:hunter2", "line 3: want a hash after the name"},
		"twice":         {"anna:" + crypt + "\n#\nANNA:" + crypt, "line 3: the name is in line 1 already"},
		"a guest":       {"guest-1:" + crypt, "line 1: name \"guest-1\": names that begin with guest-"},
		"control":       {"an\x00na:" + crypt, "line 1: name \"an\\x00na\""},
		"bad UTF-8":     {"\xff:" + crypt, "line 1: want UTF-8"},
		"UTF-16":        {"\xff\xfea\x00:\x00", "line 1: want UTF-8"},
		"a long line":   {"anna:" + strings.Repeat("x", maxPasswordLine), "line 1: want at most 1024 bytes"},
		"old Mac lines": {"anna:" + crypt + "\rbob:" + crypt, "line 1: want a whole bcrypt hash"},
		"several":       {"a\nb:" + crypt + "\nc\n", "line 1: want name:hash\nline 3: want name:hash"},
		"unfinished":    {"anna:" + crypt[:30], "line 1: want a whole bcrypt hash"},
		"htpasswd -d":   {"anna:rqXexS6ZhobKA", "line 1: want a hash"},
	} {
		_, err := parsePasswordFile(test.text, foldCase)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), crypt[8:20])) {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
	if _, err := parsePasswordFile(strings.Repeat("x\n", 1000), foldCase); err == nil || strings.Count(err.Error(), "line") != maxBadLines {
		t.Errorf("1000 bad lines: got %v", err)
	}
	name := file(t, "passwords", strings.Repeat("#\n", maxPasswordFile/2+1))
	if _, err := readPasswordFile(name, foldCase); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a huge file: got %v", err)
	}
}

// What is wrong with a changed file is logged once; what was good before still counts.
func TestPasswordFileChanges(t *testing.T) {
	name := file(t, "passwords", "anna:"+cheap(t, "old"))
	var log bytes.Buffer
	a := newAuth(t, Config{PasswordFile: name, Log: slog.New(slog.NewTextHandler(&log, nil))})
	login := func(password, code string) {
		t.Helper()
		a.throttle = newThrottle(atNoon)
		want(t, a, Request{Name: "anna", Password: password}, code)
		want(t, a, Request{Name: "anna", Password: password}, code)
	}
	logged := func(wanted string) {
		t.Helper()
		if wanted == "" && log.Len() > 0 || strings.Count(log.String(), "level=ERROR") > 1 || !strings.Contains(log.String(), wanted) {
			t.Errorf("got the log %q, want %q once", &log, wanted)
		}
		log.Reset()
	}
	login("old", "")
	rewrite(t, name, "anna:"+cheap(t, "new")) // as long as before, in the same second
	login("old", CodeAuthFailed)
	login("new", "")
	logged("")
	rewrite(t, name, "anna:oops")
	login("new", "")
	logged("line 1: want a hash")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	login("new", "")
	logged("no such file")
	rewrite(t, name, "anna:"+cheap(t, "third"))
	login("third", "")
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	login("third", "")
	logged("chmod o= ")
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	rewrite(t, name, "# nobody\n")
	login("third", CodeAuthFailed)
	logged("")
}

// A file that has not changed for a while is not read again.
func TestPasswordFileIsNotReadForNothing(t *testing.T) {
	name := file(t, "passwords", "")
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, long, long); err != nil {
		t.Fatal(err)
	}
	reads := 0
	w, err := watch(name, slog.New(slog.DiscardHandler), func(string) (int, error) { reads++; return reads, nil })
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		w.get()
	}
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
	rewrite(t, name, "x")
	if got := w.get(); got != 2 {
		t.Errorf("got what was read at %d", got)
	}
}

// What could not be read for a while is read in the end, though the file has not changed again.
func TestFileIsReadAgainAfterTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := file(t, "passwords", "1")
		trouble := false
		reads := 0
		w, err := watch(name, slog.New(slog.DiscardHandler), func(name string) (string, error) {
			reads++
			if trouble {
				return "", errors.New("too many open files")
			}
			text, err := readPrivate(name, 10)
			return string(text), err
		})
		if err != nil {
			t.Fatal(err)
		}
		trouble = true
		rewrite(t, name, "22")
		for range 10 {
			if got := w.get(); got != "1" {
				t.Errorf("got %q", got)
			}
		}
		if reads != 2 {
			t.Errorf("read %d times", reads)
		}
		trouble = false
		time.Sleep(readPause)
		if got := w.get(); got != "22" {
			t.Errorf("after the trouble: got %q", got)
		}
	})
}

func TestUnreadablePasswordFile(t *testing.T) {
	name := file(t, "passwords", "")
	if err := os.Chmod(name, 0o606); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{PasswordFile: name}); err == nil || !strings.Contains(err.Error(), "run: chmod o= "+name) {
		t.Errorf("got %v", err)
	}
	if _, err := New(Config{PasswordFile: "/dev/zero"}); err == nil || !strings.Contains(err.Error(), "want a file") {
		t.Errorf("got %v", err)
	}
}

// counted counts what is hashed, by what it would cost.
func counted(a *Auth) *sync.Map {
	var costs sync.Map
	a.hashes.matches = func(h passwordHash, password string) bool {
		cost := fmt.Sprint(h.memory, h.passes, h.lanes, len(h.bcrypt))
		n, _ := costs.LoadOrStore(cost, new(atomic.Int64))
		n.(*atomic.Int64).Add(1)
		return false
	}
	return &costs
}

// Whether a name is known or not, one hash is made, with the same parameters, and the same is said.
func TestEqualTimes(t *testing.T) {
	argon, err := Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	crypt := cheap(t, "x")
	for kind, text := range map[string]string{"argon2id": "anna:" + argon, "bcrypt": "anna:" + crypt, "nobody": ""} {
		a := newAuth(t, Config{PasswordFile: file(t, "passwords", text)})
		var said []string
		var costs [2]map[string]int64
		for i, name := range []string{"anna", "nobody"} {
			counts := counted(a)
			_, err := a.Check(t.Context(), Request{Name: name, Password: "wrong"})
			said = append(said, err.Error())
			costs[i] = map[string]int64{}
			counts.Range(func(cost, n any) bool { costs[i][cost.(string)] = n.(*atomic.Int64).Load(); return true })
		}
		if said[0] != said[1] || fmt.Sprint(costs[0]) != fmt.Sprint(costs[1]) || len(costs[0]) != 1 {
			t.Errorf("%s: got %q and %q, at %v and %v", kind, said[0], said[1], costs[0], costs[1])
		}
	}
}

// Where hashes of several kinds are in the file, an unknown name costs as one of them, always
// the same, and not all unknown names cost as the same one.
func TestEqualTimesOfSeveralKinds(t *testing.T) {
	var text strings.Builder
	for i := range 8 {
		fmt.Fprintf(&text, "user%d:$argon2id$v=19$m=%d,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc\n", i, 64+i)
	}
	f, err := parsePasswordFile(text.String(), foldCase)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint32]int{}
	for i := range 800 {
		name := fmt.Sprint("nobody", i)
		h, known := f.hash(name)
		if again, _ := f.hash(name); known || again.memory != h.memory {
			t.Fatalf("%s: known %v, costs %d, then %d", name, known, h.memory, again.memory)
		}
		seen[h.memory]++
	}
	if len(seen) != 8 {
		t.Errorf("unknown names cost as %v", seen)
	}
}

// A password that nobody can have is wrong for all, at no cost, and counts as a failure.
func TestImpossiblePasswords(t *testing.T) {
	a := newAuth(t, Config{PasswordFile: file(t, "passwords", "anna:"+cheap(t, "x"))})
	costs := counted(a)
	for _, password := range []string{strings.Repeat("x", maxPassword+1), "x\n", "x\x00"} {
		for _, name := range []string{"anna", "nobody"} {
			want(t, a, Request{Name: name, Password: password}, CodeAuthFailed)
		}
	}
	costs.Range(func(cost, _ any) bool { t.Errorf("hashed at %v", cost); return true })
	if n := len(a.throttle.names["anna"].failed); n != 3 {
		t.Errorf("%d failures are counted", n)
	}
}

// An unknown name whose password happens to be that of the borrowed hash gets nothing.
func TestBorrowedHash(t *testing.T) {
	a := newAuth(t, Config{PasswordFile: file(t, "passwords", "anna:"+cheap(t, "secret"))})
	want(t, a, Request{Name: "bob", Password: "secret"}, CodeAuthFailed)
	want(t, a, Request{Name: "anna", Password: "secret"}, "")
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t, Config{PasswordFile: file(t, "passwords", "")})
		hold := make(chan struct{})
		var working atomic.Int64
		a.hashes.matches = func(passwordHash, string) bool {
			working.Add(1)
			<-hold
			return false
		}
		var wg sync.WaitGroup
		for i := range hashQueue {
			wg.Go(func() {
				want(t, a, Request{Name: fmt.Sprint("user", i), Password: "x", Addr: fmt.Sprint("192.0.2.", i)}, CodeAuthFailed)
			})
		}
		synctest.Wait()
		_, err := a.Check(t.Context(), Request{Name: "late", Password: "x"})
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeTooMany || e.Retry <= 0 {
			t.Errorf("one more: got %v", err)
		}
		if n := working.Load(); n != hashWorkers {
			t.Errorf("%d hash at once", n)
		}
		close(hold)
		wg.Wait()
		if len(a.hashes.queue)+len(a.hashes.work) != 0 {
			t.Error("some still wait")
		}
	})
}
