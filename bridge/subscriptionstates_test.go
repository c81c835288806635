package bridge

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// TestSubscriptionStates goes through RFC 6121 Appendix A: each state of a contact, each word of
// his (A.3) and of its owner's (A.2). A state is written as who sees whom, F for from, T for to, and
// whose request is out, O for ours, I for his; - for nothing.
func TestSubscriptionStates(t *testing.T) {
	states := strings.Fields("-  O   I   OI  T   TI  F   FO  FT")
	for word, becomes := range map[string]string{
		"his subscribe":    "I  OI  I   OI  TI  TI  F   FO  FT",
		"his unsubscribe":  "-  O   -   O   T   T   -   O   T",
		"his subscribed":   "-  T   I   TI  T   TI  F   FT  FT",
		"his unsubscribed": "-  -   I   I   -   I   F   F   F",
		"our subscribe":    "O  O   OI  OI  T   TI  FO  FO  FT",
		"our unsubscribe":  "-  -   I   I   -   I   F   F   F",
		"our subscribed":   "-  O   F   FO  T   FT  F   FO  FT",
		"our unsubscribed": "-  O   -   O   T   T   -   O   T",
	} {
		who, kind, _ := strings.Cut(word, " ")
		line := fmt.Sprintf(`bob > {"type":"%s","name":"juliet@example.org"}`, kind)
		if who == "his" {
			line = fmt.Sprintf(`xmpp > <presence type='%s' from='juliet@example.org' to='bob@call.example.org'/>`, kind)
		}
		for i, want := range strings.Fields(becomes) {
			t.Run(word+" in "+states[i], func(t *testing.T) {
				onStage(t, func(p *theatre) {
					p.scene(`bob gone`, `set seen_by ask`, `bob > {"type":"login","name":"Bob","v":1,"caps":["roster"]}`,
						`bob > {"type":"roster","set":{"name":"juliet@example.org"}}`)
					p.b.do(func() { putState(p.b, p.b.users["bob"].contacts["juliet@example.org"], states[i]) })
					for _, time := range []string{"once", "twice"} { // and the same again is nothing new, where it was nothing
						p.scene(line)
						p.b.do(func() {
							if got := stateNow(p.b.users["bob"].contacts["juliet@example.org"]); got != want {
								t.Errorf("%s: got %s, want %s", time, got, want)
							}
						})
						synctest.Wait()
					}
				})
			})
		}
	}
}

func putState(b *Bridge, c *contact, state string) {
	c.from, c.to, c.asked = strings.Contains(state, "F"), strings.Contains(state, "T"), strings.Contains(state, "O")
	c.safe = c.from
	b.setPending(b.users["bob"], c, strings.Contains(state, "I"))
}

func stateNow(c *contact) string {
	state := ""
	for _, flag := range []struct {
		set  bool
		name string
	}{{c.from, "F"}, {c.to, "T"}, {c.asked, "O"}, {c.pending, "I"}} {
		if flag.set {
			state += flag.name
		}
	}
	if state == "" {
		return "-"
	}
	return state
}
