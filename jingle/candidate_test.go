package jingle

import (
	"testing"

	"github.com/jinglebridge/jinglebridge/internal/element"
)

func TestParseCandidate(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{
			"candidate:191243257 1 udp 2122194687 192.0.2.2 55551 typ host generation 0 ufrag OfSg network-id 1",
			"candidate:191243257 1 udp 2122194687 192.0.2.2 55551 typ host generation 0 ufrag OfSg network-id 1",
		},
		{"a=candidate:0 1 UDP 2122187007 192.0.2.2 56357 typ host\r\n", "candidate:0 1 udp 2122187007 192.0.2.2 56357 typ host generation 0"},
		{
			"candidate:1 1 udp 1 2001:db8::1 9 typ relay raddr 10.0.0.1 rport 7 generation 3 network-cost 50",
			"candidate:1 1 udp 1 2001:db8::1 9 typ relay raddr 10.0.0.1 rport 7 generation 3",
		},
		{"candidate:1 1 udp 1 192.0.2.1 9 typ srflx", "candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 9 generation 0"},
		{"candidate:1 1 udp 1 2001:db8::1 9 typ srflx raddr x.local rport 1", "candidate:1 1 udp 1 2001:db8::1 9 typ srflx raddr :: rport 9 generation 0"},
		{"candidate:1 1 udp 1 192.0.2.1 9 typ host raddr 10.0.0.1 rport 1", "candidate:1 1 udp 1 192.0.2.1 9 typ host generation 0"},
		{"candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag a\"b", "candidate:1 1 udp 1 192.0.2.1 9 typ host generation 0"},
	} {
		c, err := ParseCandidate(test.in)
		if err != nil {
			t.Errorf("%q: %v", test.in, err)
			continue
		}
		if got := c.String(); got != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

func TestParseCandidateRefuses(t *testing.T) {
	for _, in := range []string{
		"", "candidate:", "candidate", "a=mid:0", "candidate:1", "candidate:1 1 udp 1 192.0.2.1 9", "candidate:1 1 udp 1 192.0.2.1 9 typ",
		"candidate:1 0 udp 1 192.0.2.1 9 typ host", "candidate:1 257 udp 1 192.0.2.1 9 typ host", "candidate:1 1 udp -1 192.0.2.1 9 typ host",
		"candidate:1 1 udp 4294967296 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 65536 typ host", "candidate:1 1 udp 1 192.0.2.1 x typ host",
		"candidate:a\"b 1 udp 1 192.0.2.1 9 typ host", "candidate:1 1 u(p 1 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1\r\na=x 9 typ host",
		"candidate:1 1 udp 1 <script> 9 typ host", "candidate:1 1 udp 1 192.0.2.1 9 typ ho\nst", "candidate:1 1 udp 1 192.0.2.1 9 xyz host",
		"candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 9 typ host",
	} {
		if c, err := ParseCandidate(in); err == nil {
			t.Errorf("%q: got %+v, want an error", in, c)
		}
	}
}

func TestUnfit(t *testing.T) {
	for _, test := range []struct{ address, want string }{
		{"192.0.2.1", ""}, {"10.0.0.1", ""}, {"192.168.1.1", ""}, {"2001:db8::1", ""}, {"fd00::2", ""}, {"100.64.0.1", ""},
		{"127.0.0.1", "loopback"}, {"127.8.8.8", "loopback"}, {"::1", "loopback"}, {"::ffff:127.0.0.1", "loopback"},
		{"64:ff9b::7f00:1", "loopback"}, {"64:ff9b::c000:201", ""}, {"::127.0.0.1", "loopback"},
		{"2002:7f00:1::1", "loopback"}, {"2002:c000:201::1", ""}, {"64:ff9b:1::7f00:1", "loopback"}, {"::ffff:0:7f00:1", "loopback"},
		{"0.0.0.0", "unspecified"}, {"0.1.2.3", "unspecified"}, {"::", "unspecified"}, {"::ffff:0.0.0.0", "unspecified"},
		{"224.0.0.1", "multicast"}, {"239.255.255.250", "multicast"}, {"ff02::1", "multicast"}, {"255.255.255.255", "multicast"}, {"::ffff:224.0.0.1", "multicast"},
		{"169.254.1.1", "link-local"}, {"169.254.169.254", "link-local"}, {"fe80::1", "link-local"}, {"fe80::1%eth0", "link-local"},
		{"2001:db8::1%eth0", "link-local"}, {"::ffff:169.254.0.1", "link-local"},
		{"e5b4cf2a-98e0-4c9b.local", "mdns"}, {"example.org", "hostname"}, {"0177.0.0.1", "hostname"}, {"2130706433", "hostname"},
		{"0x7f.1", "hostname"}, {"127.1", "hostname"}, {"1.2.3.4.5", "hostname"}, {"1::2::3", "hostname"},
	} {
		c := Candidate{Foundation: "1", Component: 1, Protocol: "udp", Priority: 1, IP: test.address, Port: 9, Type: "host"}
		if got := c.Unfit(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.address, got, test.want)
		}
	}
	good := Candidate{Foundation: "1", Component: 1, Protocol: "udp", Priority: 1, IP: "192.0.2.1", Port: 9, Type: "host"}
	for want, change := range map[string]func(*Candidate){
		"tcp":       func(c *Candidate) { c.Protocol = "tcp" },
		"component": func(c *Candidate) { c.Component = 2 },
		"type":      func(c *Candidate) { c.Type = "token" },
		"port":      func(c *Candidate) { c.Port = 0 },
	} {
		c := good
		change(&c)
		if got := c.Unfit(); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}

func TestCandidateElement(t *testing.T) {
	c, err := ParseCandidate("candidate:a+/b 1 udp 2122194687 192.0.2.2 55551 typ srflx raddr 10.0.0.1 rport 7")
	if err != nil {
		t.Fatal(err)
	}
	j := &Jingle{Action: TransportInfo, SID: "s1", Description: &Description{Contents: []Content{
		{Name: "0", Ufrag: "OfSg", Pwd: "Hbv44btyAlx8EpZT2IMTTsU/", Candidates: []Candidate{c}},
	}}}
	want := `<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s1'><content creator='initiator' name='0'>` +
		`<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='OfSg' pwd='Hbv44btyAlx8EpZT2IMTTsU/'>` +
		`<candidate component='1' foundation='2469607988' generation='0' id='c66d9affa2354c588' ip='192.0.2.2' network='0' port='55551'` +
		` priority='2122194687' protocol='udp' rel-addr='10.0.0.1' rel-port='7' type='srflx'/></transport></content></jingle>`
	if got := write(t, j, Common); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again := parse(t, want).Description.Contents[0].Candidates[0]
	again.ID, again.Foundation = "", c.Foundation
	if again != c {
		t.Errorf("got %+v, want %+v", again, c)
	}
	other := c
	other.Port++
	if c.hash() == other.hash() {
		t.Errorf("two candidates have one id")
	}
}

// TestOddCandidateElements: what clients leave out or spell their own way.
func TestOddCandidateElements(t *testing.T) {
	const plain = "candidate:1 1 udp 5 192.0.2.2 7 typ host generation 0"
	for _, test := range []struct{ in, want string }{
		{`component='1' ip='192.0.2.2' port='7' priority='5' protocol='UDP' type='host'`, plain},
		{`component='1' foundation='a"b' generation='x' network='y' id='1' ip='192.0.2.2' port='7' priority='5' protocol='udp' type='host'`, plain},
		{
			`component='1' foundation='1' ip='192.0.2.2' port='7' priority='5' protocol='udp' type='srflx' rel-addr='10.0.0.1' rel_port='8'`,
			"candidate:1 1 udp 5 192.0.2.2 7 typ srflx raddr 10.0.0.1 rport 8 generation 0",
		},
		{`foundation='1' ip='192.0.2.2' port='7' priority='5' protocol='udp' type='host'`, ""},
		{`component='1' ip='192.0.2.2' port='7' priority='-5' protocol='udp' type='host'`, ""},
		{`component='1' ip='192.0.2.2' port='7' priority='5' type='host'`, ""},
		{`component='1' port='7' priority='5' protocol='udp' type='host'`, ""},
		{`component='2' ip='192.0.2.2' port='7' priority='5' protocol='udp' type='host'`, ""},
		{`component='1' ip='192.0.2.2' port='70000' priority='5' protocol='udp' type='host'`, ""},
		{`component='1' ip='192.0.2.2' port='7' priority='5' protocol='udp' type='nonsense'`, ""},
		{`component='1' ip='x.local' port='7' priority='5' protocol='udp' type='host'`, ""},
		{``, ""},
	} {
		e, err := element.Parse([]byte("<transport xmlns='"+nsICE+"'><candidate "+test.in+"/></transport>"), "", anyLimits)
		if err != nil {
			t.Fatal(err)
		}
		var c Content
		if err := (&reader{}).transport(&c, e); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(c.Candidates) > 0 {
			got = c.Candidates[0].String()
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}
