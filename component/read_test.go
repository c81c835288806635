package component

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

// frames reads all frames of a stream, and how it ended.
func frames(r io.Reader, limit int) (all []string, err error) {
	f := newFramer(r, limit, readSize)
	for {
		frame, err := f.next()
		if err != nil {
			return all, err
		}
		text := string(frame.data)
		if frame.cut {
			text = "cut:" + text
		}
		all = append(all, text)
	}
}

var framing = []struct {
	name, in string
	want     []string
	err      error
}{
	{"empty element", `<a/>`, []string{`<a/>`}, io.EOF},
	{"keep-alives between", " \n<a/> \r\n\t<b></b> ", []string{`<a/>`, `<b></b>`}, io.EOF},
	{"nested", `<a><b><c/></b>t</a><d/>`, []string{`<a><b><c/></b>t</a>`, `<d/>`}, io.EOF},
	{"> in values", `<a x='>' y=">/>"/><b/>`, []string{`<a x='>' y=">/>"/>`, `<b/>`}, io.EOF},
	{"quotes in quotes", `<a x='"' y="'/>"><b/></a>`, []string{`<a x='"' y="'/>"><b/></a>`}, io.EOF},
	{"slash before a value ends", `<a x='/'></a><b/>`, []string{`<a x='/'></a>`, `<b/>`}, io.EOF},
	{"quotes in text", `<a>it's "so"</a>`, []string{`<a>it's "so"</a>`}, io.EOF},
	{"CDATA", `<a><![CDATA[</a><b>]] >]]></a>`, []string{`<a><![CDATA[</a><b>]] >]]></a>`}, io.EOF},
	{"comment inside", `<a><!-- </a> --></a><b/>`, []string{`<a><!-- </a> --></a>`, `<b/>`}, io.EOF},
	{"instruction inside", `<a><?x </a> ?></a><b/>`, []string{`<a><?x </a> ?></a>`, `<b/>`}, io.EOF},
	{"blank in the end tag", "<a></a \n><b/>", []string{"<a></a \n>", `<b/>`}, io.EOF},
	{"end of stream", `<a/></stream:stream>`, []string{`<a/>`}, errClosed},
	{"end in a stanza", `<a/><b><c>`, []string{`<a/>`}, io.EOF},
	{"text between", `<a/>x<b/>`, []string{`<a/>`}, errFraming},
	{"comment between", `<a/><!-- --><b/>`, []string{`<a/>`}, errFraming},
	{"instruction between", `<?xml version='1.0'?>`, nil, errFraming},
	{"document type", `<a><!DOCTYPE x></a>`, nil, errFraming},
	{"< in a tag", `<a <b/>`, nil, errFraming},
}

func TestFraming(t *testing.T) {
	for _, test := range framing {
		for _, r := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in))} {
			got, err := frames(r, 1000)
			if strings.Join(got, "|") != strings.Join(test.want, "|") || !errors.Is(err, test.err) {
				t.Errorf("%s: %s\n got %q, %v\nwant %q, %v", test.name, test.in, got, err, test.want, test.err)
			}
		}
	}
}

func TestFramingKeepsHeadOfWhatIsTooBig(t *testing.T) {
	tail := "<ok/>"
	for _, test := range []struct{ name, in, want string }{
		{"text", `<iq id='1'>` + strings.Repeat("x", 200_000) + `</iq>`, `cut:<iq id='1'>`},
		{"children", `<iq id='1'>` + strings.Repeat("<a b='/'><c/></a>", 20_000) + `</iq>`, `cut:<iq id='1'>`},
		{"comment", `<iq id='1'><!--` + strings.Repeat("- ->", 50_000) + `--></iq>`, `cut:<iq id='1'>`},
		{"CDATA", `<iq id='1'><![CDATA[` + strings.Repeat("]]]", 50_000) + `]]></iq>`, `cut:<iq id='1'>`},
		{"value", `<iq id='` + strings.Repeat("1", 200_000) + `'></iq>`, `cut:`},
		{"value of an empty element", `<iq id='` + strings.Repeat("1", 200_000) + `'/>`, `cut:`},
		{"a little", `<iq id='1'>` + strings.Repeat("x", 60_000) + `</iq>`, `cut:<iq id='1'>`},
	} {
		for _, r := range []io.Reader{strings.NewReader(test.in + tail), iotest.HalfReader(strings.NewReader(test.in + tail))} {
			f := newFramer(r, 50_000, readSize)
			got, err := f.next()
			if text := "cut:" + string(got.data); err != nil || !got.cut || text != test.want {
				t.Errorf("%s: got %.40q, cut %v, %v; want %q", test.name, text, got.cut, err, test.want)
			}
			if len(f.buf) > 50_000+2*readSize {
				t.Errorf("%s: the buffer grew to %d", test.name, len(f.buf))
			}
			if got, err = f.next(); string(got.data) != tail || err != nil {
				t.Errorf("%s: then got %.40q, %v; want %q", test.name, got.data, err, tail)
			}
		}
	}
}

func TestFramingLetsBigBuffersGo(t *testing.T) {
	f := newFramer(strings.NewReader("<a>"+strings.Repeat("x", 500_000)+"</a><b/>"), 1<<20, readSize)
	for range 2 {
		if _, err := f.next(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.next(); !errors.Is(err, io.EOF) || len(f.buf) > keepSize {
		t.Errorf("got a buffer of %d, %v; want %d at most", len(f.buf), err, keepSize)
	}
}

// FuzzFraming: however the bytes arrive, the frames are the same; and what the parser
// takes as one element is one frame.
func FuzzFraming(f *testing.F) {
	for _, test := range framing {
		f.Add([]byte(test.in), 40)
	}
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		limit = max(10, min(limit, 1000))
		whole, err1 := frames(bytes.NewReader(in), limit)
		parts, err2 := frames(iotest.OneByteReader(bytes.NewReader(in)), limit)
		if strings.Join(whole, "|") != strings.Join(parts, "|") || errors.Is(err1, errFraming) != errors.Is(err2, errFraming) {
			t.Errorf("%q\nwhole: %q, %v\nparts: %q, %v", in, whole, err1, parts, err2)
		}
		in = bytes.TrimSpace(in)
		if _, err := element.Parse(in, "", element.Limits{}); err == nil && len(in) <= limit {
			if len(whole) != 1 || whole[0] != string(in) {
				t.Errorf("%q is one element, got %q, %v", in, whole, err1)
			}
		}
	})
}

// initiate is a session-initiate as big as a browser's with audio and video.
func initiate() []byte {
	var w element.Writer
	w.Start(NS, "iq")
	w.Attr("type", "set")
	w.Attr("id", "abcdefghijklmnop")
	w.Attr("from", "juliet@example.org/balcony")
	w.Attr("to", "romeo@"+domain+"/tab")
	w.Start("urn:xmpp:jingle:1", "jingle")
	w.Attr("action", "session-initiate")
	for i := range 60 {
		w.Start("urn:xmpp:jingle:apps:rtp:1", "payload-type")
		w.AttrUint("id", uint64(i))
		w.Attr("name", "opus")
		w.Attr("clockrate", "48000")
		w.Empty("urn:xmpp:jingle:apps:rtp:1", "parameter", "name", "minptime", "value", "10")
		w.Empty("urn:xmpp:jingle:apps:rtp:rtcp-fb:0", "rtcp-fb", "type", "nack")
		w.End()
	}
	w.End()
	w.End()
	return w.Bytes()
}

// loop reads the same bytes for ever.
type loop struct {
	b   []byte
	pos int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.b[l.pos:])
	l.pos = (l.pos + n) % len(l.b)
	return n, nil
}

func BenchmarkFraming(b *testing.B) { benchmarkRead(b, false) }

// BenchmarkRead is framing and parsing: what one stanza costs to take in.
func BenchmarkRead(b *testing.B) { benchmarkRead(b, true) }

func benchmarkRead(b *testing.B, parse bool) {
	stanza := initiate()
	f := newFramer(&loop{b: stanza}, 1<<20, readSize)
	b.SetBytes(int64(len(stanza)))
	b.ReportAllocs()
	for b.Loop() {
		frame, err := f.next()
		if err != nil {
			b.Fatal(err)
		}
		if !parse {
			continue
		}
		if _, err := element.Parse(frame.data, NS, element.Limits{Depth: 64, Elements: 20_000}); err != nil {
			b.Fatal(err)
		}
	}
}
