package jingle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes descriptions that a browser could legally write, and knows what they mean.
type generator struct {
	*rand.Rand
	local    Role              // of the browser that offers
	answered map[string]string // "offer answer" to the direction that is heard of it

	mine, heard *Description // the offer, and what the other side was told
}

type model struct {
	lines  []mlineModel
	bundle []string
	setup  string
	mixed  bool
	shared bool // said once for all m-lines: credentials, fingerprint, setup, extmap-allow-mixed
}

type mlineModel struct {
	media, mid, direction   string
	ufrag, pwd, fingerprint string
	payloads                []payloadModel
	extensions              []string
	sources                 []uint32
	candidates              int
}

type payloadModel struct {
	id, clock, channels int
	name, params        string
	apt                 int
	of                  string // what an rtx repeats
	feedback            []string
}

// heard is an offer as the browser on the other side hears it: no data, no codec that is not
// passed on, mids that apps take, no "inactive".
func (m model) heard(mids []string) model {
	heard := model{setup: m.setup, mixed: m.mixed}
	for _, l := range m.lines {
		if l.media == "application" {
			continue
		}
		l.payloads = slices.DeleteFunc(slices.Clone(l.payloads), func(p payloadModel) bool { return !passed(p.name) || !passed(p.of) })
		bundled := slices.Contains(m.bundle, l.mid)
		l.extensions = l.usable()
		if l.mid = mids[len(heard.lines)]; bundled {
			heard.bundle = append(heard.bundle, l.mid)
		}
		if l.direction == "inactive" {
			l.direction = "sendrecv"
		}
		heard.lines = append(heard.lines, l)
	}
	return heard
}

var (
	someAudio = []payloadModel{
		{name: "opus", clock: 48000, channels: 2, params: "minptime=10;useinbandfec=1"}, {name: "red", clock: 48000, channels: 2},
		{name: "G722", clock: 8000}, {name: "CN", clock: 32000}, {name: "telephone-event", clock: 8000}, {name: "ISAC", clock: 16000},
	}
	someVideo = []payloadModel{
		{name: "VP8", clock: 90000}, {name: "VP9", clock: 90000, params: "profile-id=2"}, {name: "H264", clock: 90000, params: "profile-level-id=42e01f;packetization-mode=1"},
		{name: "AV1", clock: 90000}, {name: "red", clock: 90000}, {name: "ulpfec", clock: 90000}, {name: "flexfec-03", clock: 90000, params: "repair-window=10000000"},
	}
	someFeedback   = []string{"nack", "nack pli", "ccm fir", "goog-remb", "transport-cc", "rrtr", "ack rpsi"}
	someExtensions = []string{"urn:ietf:params:rtp-hdrext:sdes:mid", "urn:3gpp:video-orientation", "urn:ietf:params:rtp-hdrext:toffset", "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"}
	directions     = []string{"sendrecv", "sendonly", "recvonly", "inactive"}
)

func (g *generator) word(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[g.IntN(len(letters))]
	}
	return string(b)
}

func (g *generator) hex() string {
	pairs := make([]string, 32)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("%02X", g.IntN(256))
	}
	return strings.Join(pairs, ":")
}

func (g *generator) maybe() bool { return g.IntN(2) == 0 }

// some takes each of a list or not, in another order.
func some[T any](g *generator, all []T) []T {
	kept := slices.DeleteFunc(slices.Clone(all), func(T) bool { return g.maybe() })
	g.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	return kept
}

func (g *generator) offer() model {
	m := model{setup: "actpass", mixed: g.maybe(), shared: g.maybe()}
	ids := g.Perm(32) // of payload types, from 96
	for i := range 1 + g.IntN(4) {
		media := []string{"audio", "video", "video", "application"}[g.IntN(4)]
		if i == 0 {
			media = []string{"audio", "video"}[g.IntN(2)] // or there is nothing to call with
		}
		l := mlineModel{media: media, mid: []string{fmt.Sprint(i), media + fmt.Sprint(i), g.word(1+g.IntN(30)) + fmt.Sprint(i)}[g.IntN(3)]}
		l.direction = directions[g.IntN(4)]
		l.candidates = g.IntN(4)
		l.extensions = some(g, someExtensions)
		for range g.IntN(3) {
			l.sources = append(l.sources, 1+g.Uint32N(1<<31))
		}
		l.payloads = g.payloads(media, slices.Clone(ids))
		m.lines = append(m.lines, l)
		if g.IntN(4) > 0 {
			m.bundle = append(m.bundle, l.mid)
		}
	}
	g.transports(&m)
	return m
}

// transports gives each m-line its own, or all the same.
func (g *generator) transports(m *model) {
	for i := range m.lines {
		l := &m.lines[i]
		if l.ufrag, l.pwd, l.fingerprint = g.word(4+g.IntN(10)), g.word(22+g.IntN(10)), g.hex(); m.shared {
			l.ufrag, l.pwd, l.fingerprint = m.lines[0].ufrag, m.lines[0].pwd, m.lines[0].fingerprint
		}
	}
}

// payloads are some codecs, one at least that can be passed on.
func (g *generator) payloads(media string, ids []int) (all []payloadModel) {
	next := func() int {
		id := 96 + ids[0]
		ids = ids[1:]
		return id
	}
	switch media {
	case "audio":
		all = some(g, someAudio)
		if g.maybe() {
			all = append(all, payloadModel{id: 0, name: "PCMU", clock: 8000})
		}
		all = append(all, payloadModel{name: "opus", clock: 48000, channels: 2})
	case "video":
		all = append(some(g, someVideo), payloadModel{name: "VP8", clock: 90000})
	}
	for i := range all {
		p := &all[i]
		if p.name != "PCMU" {
			p.id = next()
		}
		if media == "video" {
			p.feedback = some(g, someFeedback)
			if g.maybe() {
				all = append(all, payloadModel{id: next(), name: "rtx", clock: 90000, apt: p.id, of: p.name, params: fmt.Sprintf("apt=%d", p.id)})
			}
		}
	}
	return all
}

// answer is one that JSEP allows: the same m-lines, some of the codecs, no more directions.
func (g *generator) answer(offer model) model {
	m := model{setup: []string{"active", "passive"}[g.IntN(2)], mixed: offer.mixed && g.maybe(), shared: g.maybe()}
	for _, l := range offer.lines {
		codecs := slices.DeleteFunc(some(g, l.payloads), func(p payloadModel) bool { return p.name == "rtx" })
		if !slices.ContainsFunc(codecs, func(p payloadModel) bool { return p.carries() }) {
			codecs = append(codecs, g.essential(l))
		}
		for _, p := range l.payloads {
			repeats := slices.ContainsFunc(codecs, func(q payloadModel) bool { return q.id == p.apt })
			if p.name == "rtx" && repeats && g.maybe() {
				codecs = append(codecs, p)
			}
		}
		allowed := map[string][]string{"sendrecv": directions, "sendonly": directions[2:], "recvonly": {"sendonly", "inactive"}}[l.direction]
		answer := mlineModel{media: l.media, mid: l.mid, direction: allowed[g.IntN(len(allowed))], payloads: codecs, extensions: some(g, l.extensions)}
		answer.candidates = g.IntN(3)
		m.lines = append(m.lines, answer)
		if slices.Contains(offer.bundle, l.mid) && g.IntN(4) > 0 {
			m.bundle = append(m.bundle, l.mid)
		}
	}
	g.transports(&m)
	return m
}

// essential is a codec of an m-line that there can be a call with.
func (g *generator) essential(l mlineModel) payloadModel {
	for _, p := range l.payloads {
		if p.carries() {
			return p
		}
	}
	return payloadModel{}
}

// usable are the header extensions that can be passed on: packets cannot carry a mid that the
// other side calls otherwise, because it is too long.
func (l mlineModel) usable() []string {
	return slices.DeleteFunc(slices.Clone(l.extensions), func(uri string) bool {
		return len(l.mid) > maxMID && uri == "urn:ietf:params:rtp-hdrext:sdes:mid"
	})
}

// passed says whether a codec may be told to the other side (docs/interop.md).
func passed(name string) bool {
	return !slices.Contains([]string{"red", "CN", "ulpfec", "flexfec-03"}, name)
}

// carries says whether there can be a call with it.
func (p payloadModel) carries() bool {
	return p.name != "" && passed(p.name) && p.name != "rtx" && p.name != "telephone-event"
}
