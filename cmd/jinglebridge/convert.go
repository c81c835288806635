package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jinglebridge/jinglebridge/jingle"
)

// maxInput is more than any description that a browser or an app would take.
const maxInput = 256 << 10

// convertCommand is the translator of the bridge by itself: what would the other side have
// been told, and what not.
type convertCommand struct {
	File    string       `arg:"" optional:"" help:"SDP, candidates or Jingle; standard input by default, or for -."`
	Role    *roleFlag    `placeholder:"ROLE" help:"What the browser is in the session, initiator or responder. By default an offer comes from the initiator."`
	Action  *actionFlag  `placeholder:"ACTION" help:"What to write SDP as, or to read Jingle as. By default an offer is a session-initiate (the responder's a content-add), an answer a session-accept."`
	Offer   string       `placeholder:"FILE" help:"The offer that the input answers, as SDP or Jingle: the answer is fitted to it. For candidates, the description they belong to."`
	For     *dialectFlag `placeholder:"CLIENT" help:"Whose reader Jingle is written for: ${readers}."`
	SID     string       `name:"sid" default:"sid" placeholder:"SID" help:"The session id to write."`
	Explain bool         `help:"Say on standard error what was dropped, repaired or synthesised, a line each, and why."`
}

// Help is shown above the flags.
func (convertCommand) Help() string {
	return `Says in Jingle what a browser says in SDP, and the other way round, as the bridge does:

    jinglebridge convert --explain offer.sdp
    jinglebridge convert --offer offer.sdp session-accept.xml

SDP and candidates may be in JSON, as consoles and our protocol show them; Jingle may be in its <iq/>.`
}

// Validate refuses flags that cannot be meant.
func (c *convertCommand) Validate() error {
	switch {
	case c.Offer == "-":
		return errors.New("--offer: want a file; standard input is for what answers it")
	case c.SID == "" || len(c.SID) > 255:
		return errors.New("--sid: want 1 to 255 characters")
	}
	return nil
}

// Run translates once. It needs no configuration and no server.
func (c *convertCommand) Run(s streams) error {
	in, err := c.read(s)
	if err != nil {
		return err
	}
	t := translation{convertCommand: c}
	if c.Offer != "" {
		if t.offer, err = readFile(c.Offer); err != nil {
			return fmt.Errorf("--offer: %w", err)
		}
	}
	out, err := t.translate(in)
	if c.Explain {
		t.explain(s.stderr, err == nil)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.stdout, out)
	return err
}

// read takes in what is to be translated.
func (c *convertCommand) read(s streams) (*pasted, error) {
	if c.File != "" && c.File != "-" {
		return readFile(c.File)
	}
	if terminal(os.Stdin) {
		fmt.Fprintln(s.stderr, "paste SDP, candidates or Jingle, then press Ctrl-D")
	}
	return readBounded(os.Stdin)
}

func readFile(name string) (*pasted, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

func readBounded(r io.Reader) (*pasted, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxInput:
		return nil, fmt.Errorf("want at most %d bytes", maxInput)
	}
	return readPasted(data)
}

// roleFlag is a jingle.Role on the command line.
type roleFlag struct{ jingle.Role }

// UnmarshalText reads the role's name.
func (f *roleFlag) UnmarshalText(text []byte) error {
	switch string(text) {
	case jingle.Initiator.String():
		f.Role = jingle.Initiator
	case jingle.Responder.String():
		f.Role = jingle.Responder
	default:
		return wantOneOf([]string{jingle.Initiator.String(), jingle.Responder.String()}, text)
	}
	return nil
}

// dialectFlag is a jingle.Dialect on the command line.
type dialectFlag struct{ reader }

// reader is a dialect and its name.
type reader struct {
	name    string
	dialect jingle.Dialect
}

// readers are whom Jingle can be written for.
var readers = []reader{
	{"common", jingle.Common}, {"conversations", jingle.WebRTC}, {"dino", jingle.Dino}, {"monal", jingle.Monal},
	{"movim", jingle.Movim}, {"siskin", jingle.WebRTC}, {"stanzajs", jingle.StanzaJS},
}

func readerNames() []string {
	names := make([]string, len(readers))
	for i, r := range readers {
		names[i] = r.name
	}
	return names
}

// UnmarshalText reads the client's name.
func (f *dialectFlag) UnmarshalText(text []byte) error {
	for _, r := range readers {
		if r.name == string(text) {
			f.reader = r
			return nil
		}
	}
	return wantOneOf(readerNames(), text)
}

// wantOneOf is the error for a word that is none of these.
func wantOneOf[T ~string](words []T, got []byte) error {
	return fmt.Errorf("want %s, got %.40q", oneOf(words), got)
}
