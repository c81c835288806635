package jingle

import (
	"strings"
	"testing"
)

// TestOwnNames: where the two sides have different names for a content, packets do not
// carry them.
func TestOwnNames(t *testing.T) {
	const chromium = "sdp/chromium-156.0.8078.79.audio-video."
	sdp := read(t, chromium+"00-offer.sdp")
	offer := fromSDP(t, sdp, Initiator)
	answer := func() *Description { return parse(t, read(t, chromium+"01-answer.xml")).Description }
	t.Run("same", func(t *testing.T) {
		got := toSDP(t, answer(), SDPFor{Local: Initiator, Offer: offer})
		if n := strings.Count(got, extMID); n != len(offer.Contents) {
			t.Errorf("got %d times %s, want it in each m-line of\n%s", n, extMID, got)
		}
	})
	t.Run("answer", func(t *testing.T) {
		d := answer()
		for i := range d.Contents {
			d.Contents[i].Name = "its-" + d.Contents[i].Media
		}
		d.Bundle = nil
		if got := toSDP(t, d, SDPFor{Local: Initiator, Offer: offer}); strings.Contains(got, extMID) {
			t.Errorf("got %s in\n%s", extMID, got)
		}
	})
	t.Run("offer", func(t *testing.T) {
		long := strings.NewReplacer("a=mid:", "a=mid:longer-than-clients-take-", "BUNDLE 0 1", "BUNDLE").Replace(sdp)
		if got := initiate(t, fromSDP(t, long, Initiator)); strings.Contains(got, extMID) {
			t.Errorf("got %s in\n%s", extMID, got)
		}
	})
}
