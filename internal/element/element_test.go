package element

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`<a/>`, `<a xmlns='d'/>`},
		{`<a x='1' y="&lt;&#x41;&#10;"> t<b/>u </a>`, `<a xmlns='d' x='1' y='&lt;A&#xA;'> tu <b/></a>`},
		{`<a xmlns='n'><b xmlns='m'><c/></b><d/></a>`, `<a xmlns='n'><b xmlns='m'><c/></b><d/></a>`},
		{`<p:a xmlns:p='n' p:q='no' xml:lang='en'><p:b/></p:a>`, `<a xmlns='n' xml:lang='en'><b/></a>`},
		{`<a><![CDATA[<&]]></a>`, `<a xmlns='d'>&lt;&amp;</a>`},
		{"<a x='l\r\nm'/>", `<a xmlns='d' x='l m'/>`},
		{`<a> t<b/>&lt;<![CDATA[u]]> <b/></a>`, `<a xmlns='d'> t&lt;u <b/><b/></a>`},
		{`<a xmlns='n&amp;m'><b><c xmlns=''/></b></a>`, `<a xmlns='n&amp;m'><b><c xmlns=''/></b></a>`},
		{`<xml:a><xml:b/></xml:a>`, `<a xmlns='http://www.w3.org/XML/1998/namespace'><b/></a>`},
	} {
		e, err := Parse([]byte(test.in), "d", Limits{})
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if got := e.String(); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		``, `x`, `<a>`, `<a></b>`, `<a/><b/>`, `<a/>x`, `</a>`, `<a x=1/>`, `<a x='1' x='2'/>`, `<a x='<'/>`, `<a x='1'y='2'/>`,
		`<p:a/>`, `<a p:x='1'/>`, `<!-- c --><a/>`, `<a><!-- c --></a>`, `<?xml version='1.0'?><a/>`, `<a><?pi?></a>`,
		`<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>`, `<a>&nbsp;</a>`, `<a>&#0;</a>`, `<a>&#xFFFF;</a>`, `<a>&#x110000;</a>`, `<a>& b</a>`,
		`<a>]]></a>`, `<a xmlns='m' xmlns='n'/>`, `<a xmlns:='n'/>`, `<a xmlns:xml='n'/>`, `<a xmlns:xmlns='n'/>`, `<a xmlns:p:q='n'/>`,
		"<a>\x01</a>", "<a x='\x00'/>", "<a>\xff</a>", "<a>\uffff</a>", "<a><![CDATA[\x02]]></a>", `<1a/>`, `< a/>`, `<a`, `<a x`, `<a x='`,
	} {
		if e, err := Parse([]byte(in), "", Limits{}); err == nil {
			t.Errorf("%q: got %s, want an error", in, e)
		}
	}
}

func TestParseLimits(t *testing.T) {
	deep := []byte(strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65))
	if _, err := Parse(deep, "", Limits{Depth: 64}); !errors.Is(err, ErrTooDeep) {
		t.Errorf("65 deep: got %v, want %v", err, ErrTooDeep)
	}
	many := []byte("<a>" + strings.Repeat("<b c=''/>", 100) + "</a>")
	if _, err := Parse(many, "", Limits{Elements: 200}); !errors.Is(err, ErrTooMany) {
		t.Errorf("201 tokens: got %v, want %v", err, ErrTooMany)
	}
	if _, err := Parse(many, "", Limits{Elements: 201}); err != nil {
		t.Errorf("201 tokens with room for 201: %v", err)
	}
}

func TestWriterNeverWritesWhatXMLForbids(t *testing.T) {
	var w Writer
	w.Start("n", "a")
	w.Attr("x", "\x00\uffff\xff'\"<&>\n")
	w.Text("\x1f\ufffe ]]>")
	w.End()
	e, err := Parse(w.Bytes(), "", Limits{})
	if err != nil {
		t.Fatalf("%s: %v", w.Bytes(), err)
	}
	if got, want := e.Attr("x"), "\ufffd\ufffd\ufffd'\"<&>\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriterClosesWhatItOpened(t *testing.T) {
	var w Writer
	names := "abcdefghijklmnop"
	for range 2 {
		w.Reset(nil)
		for i := range names {
			w.Start("n", names[i:i+1])
			w.Empty("n", "leaf")
			w.Start("m", "other")
			w.Text("t")
			w.End()
		}
		for range names {
			w.End()
		}
		e, err := Parse(w.Bytes(), "", Limits{})
		for i := range names {
			if other := e.Child("m", "other"); err != nil || !e.Is("n", names[i:i+1]) || !e.Child("n", "leaf").Exists() || other.Text() != "t" {
				t.Fatalf("%d deep: got %s, %v in\n%s", i, e, err, w.Bytes())
			}
			e = e.First().Next().Next()
		}
	}
}

func TestParseKeepsXMLsOwnAttributes(t *testing.T) {
	in := `<a xmlns:p='n' p:x='1' x='2' xml:lang='en' xmlns:q='http://www.w3.org/XML/1998/namespace' q:base='b'/>`
	e, err := Parse([]byte(in), "", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.String(), `<a x='2' xml:lang='en' xml:base='b'/>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseRefusesAttributesThatAreThereTwice(t *testing.T) {
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, " a%d=''", i)
	}
	for _, in := range []string{
		`<a id='' ip='' id=''/>`, `<a x='' xml:lang='' xml:lang=''/>`, `<a xmlns:p='n' xmlns:q='n' p:x='' q:x=''/>`,
		`<a` + many.String() + ` a3=''/>`, `<a` + many.String() + ` a39=''/>`,
	} {
		if e, err := Parse([]byte(in), "", Limits{}); err == nil {
			t.Errorf("%s: got %s, want an error", in, e)
		}
	}
	if _, err := Parse([]byte(`<a xmlns:p='n' xmlns:q='m' x='' p:x='' q:x=''`+many.String()+`/>`), "", Limits{}); err != nil {
		t.Errorf("attributes of different namespaces: %v", err)
	}
}

func TestOffset(t *testing.T) {
	in := " <a x='<'/>"
	var wrong *SyntaxError
	if _, err := Parse([]byte(in), "", Limits{}); !errors.As(err, &wrong) || wrong.Offset != strings.Index(in, "'<") {
		t.Errorf("%s: got %v, want the place of the value", in, err)
	}
	in = " <a>text<b x='1'/> <c><d/></c></a>"
	e, err := Parse([]byte(in), "", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []Element{e, e.First(), e.First().Next(), e.First().Next().First()} {
		if want := strings.Index(in, "<"+e.Name()); e.Offset() != want {
			t.Errorf("<%s>: got offset %d, want %d", e.Name(), e.Offset(), want)
		}
	}
}

// Look-ups go on where there is nothing.
func TestNothing(t *testing.T) {
	e, err := Parse([]byte("<a/>"), "n", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, none := range []Element{{}, e.First(), e.Next(), e.Child("n", "b").Child("n", "c"), e.First().With("x", "1").WithText("t").Root()} {
		_, found := none.LookupAttr("x")
		if none.Exists() || found || none.Is("", "") || none.Name()+none.Space()+none.Text()+none.Attr("x")+none.TrimmedText()+none.String() != "" || none.Offset() != 0 {
			t.Errorf("got %q, want nothing", none)
		}
		for range none.Attrs() {
			t.Error("nothing has an attribute")
		}
		for range none.Children() {
			t.Error("nothing has a child")
		}
	}
}

func TestWith(t *testing.T) {
	e, err := Parse([]byte("<a x='1'><b y='2'>t</b><c z='3'/></a>"), "", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	before, b := e.String(), e.First()
	for _, test := range []struct {
		got  Element
		want string
	}{
		{b.With("y", "<\x00"), "<b y='&lt;\uFFFD'>t</b>"},
		{b.With("w", "4").Root(), "<a x='1'><b y='2' w='4'>t</b><c z='3'/></a>"},
		{b.With("w", "4").Next(), "<c z='3'/>"},
		{b.WithText("u").With("y", "5").Root().With("x", "6"), "<a x='6'><b y='5'>u</b><c z='3'/></a>"},
	} {
		if got := test.got.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	if got := e.String(); got != before {
		t.Errorf("got %s, want it as it was: %s", got, before)
	}
}

// FuzzParse: what we read we can write and read again the same, and what we accept
// encoding/xml accepts too.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`<iq xmlns='n' to="a@b"><q:x xmlns:q='m'>t &amp; u<y/></q:x></iq>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := Parse(in, "", Limits{Depth: 32, Elements: 1000})
		if err != nil {
			return
		}
		out := e.String()
		again, err := Parse([]byte(out), "", Limits{})
		if err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
		if again.String() != out {
			t.Fatalf("%q became %q, then %q", in, out, again)
		}
		d := xml.NewDecoder(strings.NewReader(out))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil && !strings.Contains(err.Error(), "invalid XML name") {
				t.Fatalf("%q: encoding/xml says %v", out, err)
			} else if err != nil {
				break
			}
		}
	})
}

// Attributes live in shared slabs: those of one element must never run into another's.
func TestParseManyAttributes(t *testing.T) {
	var in strings.Builder
	in.WriteString("<a>")
	for i := range 5 {
		in.WriteString("<b")
		for j := range 401 {
			fmt.Fprintf(&in, " x%d='%d=%d'", j, i, j)
		}
		in.WriteString("/><c y='1'/>")
	}
	in.WriteString("</a>")
	e, err := Parse([]byte(in.String()), "", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for child := range e.Children() {
		if child.Name() == "c" {
			if got, want := child.String(), "<c y='1'/>"; got != want {
				t.Errorf("after b %d: got %s, want %s", i-1, got, want)
			}
			continue
		}
		for j := range 401 {
			if got, want := child.Attr(fmt.Sprintf("x%d", j)), fmt.Sprintf("%d=%d", i, j); got != want {
				t.Fatalf("b %d, x%d: got %q, want %q", i, j, got, want)
			}
		}
		i++
	}
	if i != 5 {
		t.Errorf("got %d elements b, want 5", i)
	}
}

// What would cost time by the square of its length is refused or costs as much as it is long.
func TestParseHostileLength(t *testing.T) {
	var declarations strings.Builder
	for i := range maxBindings + 1 {
		fmt.Fprintf(&declarations, " xmlns:p%d='n'", i)
	}
	if _, err := Parse([]byte("<a"+declarations.String()+"/>"), "", Limits{}); !errors.Is(err, ErrTooMany) {
		t.Errorf("%d prefixes: got %v, want %v", maxBindings+1, err, ErrTooMany)
	}
	pieces := "<a>" + strings.Repeat(strings.Repeat("x", 200)+"<b/>", 2000) + "</a>"
	if _, err := Parse([]byte(pieces), "", Limits{Elements: 20_000}); !errors.Is(err, ErrTooMany) {
		t.Errorf("2000 pieces of text: got %v, want %v", err, ErrTooMany)
	}
	for name, in := range map[string]string{
		"blank pieces": "<a>" + strings.Repeat(" ", 30_000) + strings.Repeat("<b/> ", 6_000) + "</a>",
		"empty pieces": "<a>" + strings.Repeat(" ", 30_000) + strings.Repeat("<![CDATA[]]>", 2_500) + "</a>",
	} {
		if _, err := Parse([]byte(in), "", Limits{Elements: 20_000}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse([]byte("<a>"+strings.Repeat("<![CDATA[]]>", 101)+"</a>"), "", Limits{Elements: 100}); !errors.Is(err, ErrTooMany) {
		t.Errorf("101 sections of CDATA: got %v, want %v", err, ErrTooMany)
	}
	ligatures := strings.Repeat("\ufb01", 300_000) // each begins with the byte of U+FFFF
	e, err := Parse([]byte("<a x='"+ligatures+"'>"+ligatures+"</a>"), "", Limits{})
	if err != nil || e.Text() != ligatures || e.Attr("x") != ligatures {
		t.Errorf("ligatures: got %d and %d bytes, %v; want %d", len(e.Attr("x")), len(e.Text()), err, len(ligatures))
	}
}
