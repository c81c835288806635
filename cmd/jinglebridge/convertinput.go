package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jinglebridge/jinglebridge/component"
	"github.com/jinglebridge/jinglebridge/internal/element"
	"github.com/jinglebridge/jinglebridge/jingle"
	"github.com/jinglebridge/jinglebridge/web"
)

// pasted is what somebody copied from a console or a log; one of its parts is set.
type pasted struct {
	sdp, kind  string      // kind is "offer", "answer" or what else JSON said
	candidates []candidate // at least one; an empty one is the end of them
	jingle     element.Element

	// What the <jingle/> stood in, and where that begins.
	xml   []byte
	xmlAt int
}

// candidate is one of a browser's, with what its m-line says.
type candidate struct {
	web.ICECandidate
	pwd string // "" when not said
}

var (
	// firstLine begins what SDP says of candidates; consoles write "candidate: " in front.
	firstLine = regexp.MustCompile(`a=mid:|a=ice-ufrag:|(?:a=)?candidate:[A-Za-z0-9+/]`)

	// inspected is the m-line of a candidate as consoles and chrome://webrtc-internals show it.
	inspected = regexp.MustCompile(`sdpMid: ["']?([^\s"',}]+)`)
)

// errUnknown says what can be pasted.
var errUnknown = errors.New(`want SDP (v=0…), a candidate (candidate:…), JSON with either, or XML with a <jingle/>`)

// readPasted finds out what it was given. Around the beginning it is generous: people copy
// a little more or a little less than a whole.
func readPasted(data []byte) (*pasted, error) {
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	if text == "" {
		return nil, fmt.Errorf("nothing there: %w", errUnknown)
	}
	if text[0] == '{' || text[0] == '[' {
		if in, err := readJSON([]byte(text), 0); in != nil || err != nil {
			return in, err
		}
	}
	if strings.HasPrefix(text, "v=") { // whatever it holds
		return &pasted{sdp: cutText(text, 0)}, nil
	}
	if at := beginsXML(text); at >= 0 {
		return readXML(data, strings.Index(string(data), text)+at)
	}
	if at := strings.Index(text, "v=0"); at >= 0 {
		return &pasted{sdp: cutText(text, at)}, nil
	}
	if at := firstLine.FindStringIndex(text); at != nil {
		return readLines(cutText(text, at[0]), shownMid(text))
	}
	return nil, fmt.Errorf("got %.40q: %w", text, errUnknown)
}

// cutText takes the lines from this place on, behind which a log may have put them. In quotes
// they end with them, and \r\n may be written out.
func cutText(text string, at int) string {
	before, text := text[:at], text[at:]
	if at > 0 && strings.IndexByte("\"'`", before[at-1]) >= 0 {
		text, _, _ = strings.Cut(text, before[at-1:])
	}
	if strings.Contains(text, `\n`) {
		text = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n").Replace(text)
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}

func shownMid(text string) string {
	if m := inspected.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// readLines reads candidates as SDP has them, after the a=mid of their m-line where it is
// said (RFC 8840 §4), else of the m-line mid.
func readLines(lines, mid string) (*pasted, error) {
	in := &pasted{}
	c := candidate{ICECandidate: web.ICECandidate{SDPMid: mid, SDPMLineIndex: -1}}
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "a="), ":")
		switch name {
		case "mid":
			if c.SDPMid != "" {
				c.UsernameFragment, c.pwd = "", ""
			}
			c.SDPMid = value
		case "ice-ufrag":
			c.UsernameFragment = value
		case "ice-pwd":
			c.pwd = value
		case "candidate":
			value, _, _ = strings.Cut(value, ",") // what chrome://webrtc-internals says next
			c.Candidate = "candidate:" + value
			in.candidates = append(in.candidates, c)
		case "end-of-candidates":
			c.Candidate = ""
			in.candidates = append(in.candidates, c)
		}
	}
	if in.candidates == nil {
		return nil, fmt.Errorf("no candidate there: %w", errUnknown)
	}
	return in, nil
}

// maxNested is how deep in JSON a description is looked for: our own protocol has it in a
// message's "offer", consoles wrap once more.
const maxNested = 4

// readJSON finds a description or candidates in JSON; nil when neither is there, or it is
// no JSON.
func readJSON(raw json.RawMessage, depth int) (*pasted, error) {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	if depth > maxNested || json.Unmarshal(raw, &list) != nil && json.Unmarshal(raw, &object) != nil {
		return nil, nil
	}
	if isText(object["sdp"]) {
		kind, sdp, ok := web.SDP(raw)
		if !ok {
			return nil, errors.New(`json: want one "type" and one "sdp"`)
		}
		return &pasted{sdp: cutText(sdp, 0), kind: kind}, nil
	}
	if isText(object["candidate"]) {
		c, err := web.ParseICECandidate(raw)
		if err != nil {
			return nil, err
		}
		return &pasted{candidates: []candidate{{ICECandidate: c}}}, nil
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, object[key])
	}
	return readEach(list, depth+1)
}

// readEach takes the first description, or all candidates.
func readEach(list []json.RawMessage, depth int) (*pasted, error) {
	var all *pasted
	for _, raw := range list {
		in, err := readJSON(raw, depth)
		switch {
		case err != nil || in != nil && in.candidates == nil:
			return in, err
		case in != nil && all == nil:
			all = in
		case in != nil:
			all.candidates = append(all.candidates, in.candidates...)
		}
	}
	return all, nil
}

func isText(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// beginsXML finds the stanza: in front, or behind what a log puts there; -1 when there is
// none.
func beginsXML(text string) int {
	if text[0] == '<' {
		for _, skip := range []string{"<?", "<!"} {
			if strings.HasPrefix(text, skip) {
				return nextTag(text)
			}
		}
		return 0
	}
	if !strings.Contains(text, "jingle") {
		return -1
	}
	return nextTag(text)
}

// nextTag finds a < with a letter behind it.
func nextTag(text string) int {
	for at := range len(text) - 1 {
		if c := text[at+1] | 0x20; text[at] == '<' && 'a' <= c && c <= 'z' {
			return at
		}
	}
	return -1
}

// readXML finds the <jingle/> in the element that begins at data[at]. It is parsed with the
// limits of the link, so that what the bridge would refuse is refused here.
func readXML(data []byte, at int) (*pasted, error) {
	end := len(data)
	if last := bytes.LastIndexByte(data, '>'); last > at {
		end = last + 1
	}
	l := component.Limits{}.WithDefaults()
	// The copy of a bare <jingle/> may have lost its namespace.
	root, err := element.Parse(data[at:end], jingle.NS, element.Limits{Depth: l.Depth, Elements: l.Tokens})
	if err != nil {
		in := pasted{xml: data, xmlAt: at}
		return nil, in.placed(err)
	}
	e := findJingle(root)
	switch {
	case !e.Exists():
		return nil, fmt.Errorf("want a <jingle/>, there is none in this %.40q", root.Name())
	case e.Space() != jingle.NS:
		return nil, fmt.Errorf("want a <jingle/> in namespace %q, got %.80q", jingle.NS, e.Space())
	}
	return &pasted{jingle: e, xml: data, xmlAt: at}, nil
}

// placed says where in the whole input XML is wrong, as line and column.
func (in *pasted) placed(err error) error {
	var syntax *element.SyntaxError
	var wrong *jingle.ElementError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("xml at %s: %s", in.place(syntax.Offset), strings.TrimPrefix(syntax.Err.Error(), "xml: "))
	case errors.As(err, &wrong):
		return fmt.Errorf("xml at %s: %w", in.place(wrong.Offset), err)
	}
	return err
}

func (in *pasted) place(offset int) string {
	before := in.xml[:min(in.xmlAt+offset, len(in.xml))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}

func findJingle(e element.Element) element.Element {
	if e.Name() == "jingle" {
		return e
	}
	for child := range e.Children() {
		if found := findJingle(child); found.Exists() {
			return found
		}
	}
	return element.Element{}
}
