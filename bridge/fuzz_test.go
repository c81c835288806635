package bridge

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzScenes plays lines of all plays in any order: whatever is said when, nothing fails
// inside, every request is answered once, a call ends once, and nothing is left of it.
func FuzzScenes(f *testing.F) {
	pool := said(f)
	for seed := range uint64(80) {
		f.Add(scene(seed, len(pool)))
	}
	for n, line := range pool {
		if strings.HasPrefix(line, "set page ") {
			f.Add(visits(n, len(pool)))
		}
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		synctest.Test(t, func(t *testing.T) {
			p := newStage(t)
			ctx, cancel := context.WithCancel(t.Context())
			go p.b.Run(ctx)
			defer func() { cancel(); synctest.Wait() }()
			p.b.HandleLink(true)
			p.scene(`bob > {"type":"login","name":"Bob","v":1,"caps":["invite"]}`)
			for i := 0; i+1 < len(lines) && i < 400; i += 2 {
				p.hush()
				line := pool[(int(lines[i])<<8|int(lines[i+1]))%len(pool)]
				if p.down && strings.HasPrefix(line, "xmpp") {
					continue
				}
				_ = p.play(line) // some lines say nothing here: an answer to what was not asked
				synctest.Wait()
			}
			p.hush()
			p.down = false
			p.curtain()
		})
	})
}

// scene follows two or three plays in turn, now and then with a line from anywhere.
func scene(seed uint64, lines int) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	plays := [3]int{r.IntN(lines), r.IntN(lines), r.IntN(lines)}
	var out []byte
	for range 150 {
		n := r.IntN(lines)
		if r.IntN(8) > 0 {
			play := r.IntN(2 + int(seed%2))
			plays[play] = (plays[play] + 1 + r.IntN(8)/7) % lines
			n = plays[play]
		}
		out = append(out, byte(n>>8), byte(n))
	}
	return out
}

// visits follows the play of a page twice, the second time a step behind: all of it is late.
func visits(from, lines int) []byte {
	var out []byte
	for n := from; n < from+60; n++ {
		for _, n := range []int{n, max(from, n-1), n} {
			out = append(out, byte(n%lines>>8), byte(n%lines))
		}
	}
	return out
}

// said are the lines of all plays that something follows from, files in their places.
func said(f *testing.F) []string {
	files, err := filepath.Glob("testdata/*.play")
	if err != nil || len(files) == 0 {
		f.Fatal("no plays", err)
	}
	var pool []string
	known := map[string]bool{}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(script)) {
			line = strings.TrimSpace(line)
			_, rest, _ := strings.Cut(line, " ")
			who, text, says := strings.Cut(line, " > ")
			if says {
				text, err = (&theatre{}).props(text)
				line = who + " > " + text
			}
			if err != nil {
				f.Fatal(err)
			}
			if (says || rest == "gone" || strings.HasPrefix(line, "wait ") || strings.HasPrefix(line, "link ") || strings.HasPrefix(line, "set page ") || strings.HasPrefix(line, "set seen_by ") || strings.HasPrefix(line, "set proven")) && !strings.HasPrefix(line, "#") && !known[line] {
				known[line] = true
				pool = append(pool, line)
			}
		}
	}
	return pool
}
