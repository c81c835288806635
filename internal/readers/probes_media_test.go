package readers

const (
	opus      = "<payload-type id='111'"
	minptime  = "<parameter name='minptime'"
	inbandFEC = "<parameter name='useinbandfec'"
	vp8       = "<payload-type id='96'"
	h264      = "<payload-type id='102'"
	hdrext    = "<rtp-hdrext"
	hdrextNS  = "xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'"
	feedback  = "<rtcp-fb"
	feedbackN = "xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0'"
	sourceNS  = "xmlns='urn:xmpp:jingle:apps:rtp:ssma:0'"
	sourceAt  = "<source " + sourceNS
	red       = "<payload-type id='63' name='red' clockrate='48000' channels='2'"
	rtx97     = "<payload-type id='97' name='rtx' clockrate='90000'>\n<parameter name='apt' value='96'/>\n</payload-type>\n"
)

// oneCodec leaves the audio with a codec nobody has.
var oneCodec = in(0, cutAll("<payload-type", "</payload-type>", "<payload-type id='100' name='codec2' clockrate='8000'/>\n"), cut("<payload-type id='9'"), cut("<payload-type id='0'"), cut("<payload-type id='8'"), cut("<payload-type id='110'"), cut("<payload-type id='126'"))

var noPayloads = in(0, cutAll("<payload-type id='111'", "</payload-type>", ""), cut("<payload-type"))

var mediaProbes = []probe{
	{"00-baseline-initiate", fine, same},
	{"00-baseline-accept", fine, same},

	{"10-fmtp-nameless-value", ".R...", also(cut(minptime), drop(inbandFEC, "name"))},
	{"10-fmtp-name-no-value", "RR...", drop(minptime, "value")},
	{"10-red-nameless", ".R...", after("</payload-type>", red+"><parameter value='111/111'/></payload-type>")},
	{"10-fmtp-bool-word-yes", ".!...", give(inbandFEC, "value", "yes")},
	{"10-fmtp-value-with-space", "R!...", give(inbandFEC, "value", "1 ")},
	{"10-fmtp-name-empty-value", fine, also(cut(inbandFEC), give(minptime, "value", ""))},
	{"10-fmtp-empty-name", fine, give(minptime, "name", "")},
	{"10-red-without-fmtp", fine, after("</payload-type>", red+"/>")},
	{"10-fmtp-one-of-several-empty", fine, give(minptime, "value", "")},
	{"10-fmtp-unknown-name", fine, give(minptime, "name", "x-nobody")},
	{"10-fmtp-bool-true", fine, give(inbandFEC, "value", "true")},
	{"10-fmtp-stereo-usedtx-cbr", fine, after(minptime, "<parameter name='stereo' value='1'/><parameter name='usedtx' value='0'/><parameter name='cbr' value='1'/>")},
	{"10-h264-sprop-base64", fine, after(h264, "<parameter name='sprop-parameter-sets' value='Z0IACpZTBYmI,aMljiA=='/>")},
	{"10-vp9-profile-id-av1", fine, after("<parameter name='level-idx'", "<parameter name='profile-id' value='0'/>")},
	{"10-flexfec-repair-window", fine, before(vp8, "<payload-type id='35' name='flexfec-03' clockrate='90000'><parameter name='repair-window' value='10000000'/></payload-type>")},
	{"10-video-red-ulpfec", fine, before(h264, "<payload-type id='122' name='red' clockrate='90000'/><payload-type id='123' name='ulpfec' clockrate='90000'/>")},

	{"11-static-pt-bare-id", "Rwww.", onLine("<payload-type id='0'", func(string) string { return "<payload-type id='0'/>" })},
	{"11-pt-name-no-clockrate", "..ww.", drop(opus, "clockrate")},
	{"11-only-unknown-audio-codec", "ddwdR", oneCodec},
	{"11-no-payload-types", "wwwwR", noPayloads},
	{"11-pt-channels-1", fine, give("<payload-type id='0'", "channels", "1")},
	{"11-pt-maxptime-ptime-attr", fine, also(give(opus, "ptime", "20"), give(opus, "maxptime", "60"))},
	{"11-description-ptime-maxptime", fine, also(give("<description", "ptime", "20"), give("<description", "maxptime", "60"))},
	{"11-unsupported-codec-first", fine, before(opus, "<payload-type id='100' name='codec2' clockrate='8000'/>")},
	{"11-rtx-first-video", fine, before(vp8, "<payload-type id='60' name='rtx' clockrate='90000'><parameter name='apt' value='96'/></payload-type>")},
	{"11-accept-rtx-first", fine, also(swap(rtx97, ""), swap(vp8, rtx97+vp8))},
	{"11-accept-single-pt", fine, also(in(0, cut("<payload-type id='9'"), cut("<payload-type id='0'"), cut("<payload-type id='8'")), in(1, cutAll("<payload-type", "</payload-type>", "<payload-type id='96' name='VP8' clockrate='90000'/>\n")))},

	{"12-rtcpfb-rrtr", ".R...", give(feedback, "type", "rrtr")},
	{"12-rtcpfb-google-lntf", ".R...", give(feedback, "type", "goog-lntf")},
	{"12-rtcpfb-unknown", ".R...", give(feedback, "type", "x-nobody")},
	{"12-rtcpfb-missing-type", "RR...", drop(feedback, "type")},
	{"22-rtcp-fb-newline", "RR...", give(feedback, "type", "nack&#10;a=x")},
	{"12-rtcpfb-in-description", fine, before(opus, "<rtcp-fb "+feedbackN+" type='nack'/>")},
	{"12-rtcpfb-ack-rpsi", fine, also(give(feedback, "type", "ack"), give(feedback, "subtype", "rpsi"))},
	{"12-rtcpfb-ccm-tmmbr", fine, also(give(feedback, "type", "ccm"), give(feedback, "subtype", "tmmbr"))},
	{"12-rtcpfb-nack-rpsi", fine, also(give(feedback, "type", "nack"), give(feedback, "subtype", "rpsi"))},
	{"12-rtcpfb-trr-int", fine, before(feedback, "<rtcp-fb-trr-int "+feedbackN+" value='100'/>")},

	{"13-hdrext-id-with-direction", ".R...", give(hdrext, "id", "1/recvonly")},
	{"13-hdrext-id-300", "wwww.", give(hdrext, "id", "300")},
	{"13-hdrext-encrypted", "wwww.", give(hdrext, "uri", "urn:ietf:params:rtp-hdrext:encrypt")},
	{"22-hdrext-id-0", "wwww.", give(hdrext, "id", "0")},
	{"22-hdrext-id-text", "wRww.", give(hdrext, "id", "one")},
	{"22-hdrext-no-uri", "RR...", drop(hdrext, "uri")},
	{"22-hdrext-id-duplicate", "wwww.", give(hdrext, "id", "2")},
	{"13-hdrext-senders", fine, give(hdrext, "senders", "initiator")},
	{"13-hdrext-senders-both", fine, give(hdrext, "senders", "both")},
	{"13-hdrext-id-15", fine, give(hdrext, "id", "15")},
	{"13-hdrext-id-16-mixed", fine, give(hdrext, "id", "16")},
	{"13-hdrext-parameter-child", fine, fill(hdrext, "rtp-hdrext", "<parameter name='vad' value='on'/>")},
	{"13-no-extmap-allow-mixed", fine, cut("<extmap-allow-mixed")},
	{"13-extmap-allow-mixed-rtp-ns", fine, swapAll("<extmap-allow-mixed "+hdrextNS, "<extmap-allow-mixed")},
	{"23-answer-extmap-id-changed", "..w..", give(hdrext, "id", "12")},
	{"23-answer-extmap-not-offered", fine, also(give(hdrext, "id", "12"), give(hdrext, "uri", "urn:x-nobody"))},

	{"14-source-empty-cname", "R....", give("<parameter name='cname'", "value", "")},
	{"14-source-param-no-value", "Rw...", drop("<parameter name='cname'", "value")},
	{"14-source-msid-trailing-blank", ".ww..", swap("<parameter name='msid' value='4879b7e2-a9db-435d-8c49-4d50ca077dff bf7cc951-b608-4a46-9447-b9b501bee105'", "<parameter name='msid' value='s t '")},
	{"14-ssrc-group-no-sources", "RR...", cutAll("<ssrc-group", "</ssrc-group>", "<ssrc-group "+sourceNS+" semantics='FID'/>\n")},
	{"14-ssrc-not-number", "wRww.", give(sourceAt, "ssrc", "one")},
	{"22-ssrc-too-big", "wRww.", give(sourceAt, "ssrc", "4294967296")},
	{"22-source-no-ssrc", "RRww.", drop(sourceAt, "ssrc")},
	{"14-source-without-params", fine, cutAll(sourceAt, "</source>", "<source "+sourceNS+" ssrc='1338836814'/>\n")},
	{"14-no-sources", fine, also(cutAll("<ssrc-group", "</ssrc-group>", ""), cutAll(sourceAt, "</source>", ""))},
	{"14-source-only-cname", fine, cut("<parameter name='msid'")},
	{"14-source-msid-dash", fine, swap("value='4879b7e2-a9db-435d-8c49-4d50ca077dff bf7cc951", "value='- bf7cc951")},
	{"14-ssrc-group-sim", fine, give("<ssrc-group", "semantics", "SIM")},
	{"14-stanza-stream-msid", fine, give("<stream", "id", "other")},
	{"14-description-ssrc-attr", fine, give("<description", "ssrc", "1")},
	{"22-ssrc-msid-newline", fine, give("<parameter name='msid'", "value", "s t&#10;a=x")},
	{"22-ssrc-0", fine, give(sourceAt, "ssrc", "0")},
	{"23-answer-two-ssrcs-no-fid", fine, cutAll("<ssrc-group", "</ssrc-group>", "")},
	{"23-offer-two-ssrcs-no-fid", fine, cutAll("<ssrc-group", "</ssrc-group>", "")},
	{"23-duplicate-msid-param-movim", fine, after("<parameter name='msid'", "<parameter name='msid' value='4879b7e2-a9db-435d-8c49-4d50ca077dff'/>")},

	{"22-fmtp-newline", "R....", give(minptime, "value", "10&#10;a=x")},
	{"22-codec-name-newline", "Rwww.", give(opus, "name", "opus&#10;a=x")},
	{"22-pt-id-128", "wwww.", give(opus, "id", "128")},
	{"22-pt-id-300", "wRww.", give(opus, "id", "300")},
	{"22-pt-id-text", "RRww.", give(opus, "id", "one")},
	{"22-pt-id-negative", "wRww.", give(opus, "id", "-1")},
	{"22-pt-id-duplicate", "wwww.", give(opus, "id", "9")},
	{"22-pt-id-64-95", "wwww.", give(opus, "id", "72")},
	{"22-clockrate-text", ".Rww.", give(opus, "clockrate", "fast")},
	{"22-channels-text", ".Rw..", give(opus, "channels", "two")},
	{"22-clockrate-0", fine, give(opus, "clockrate", "0")},
	{"22-channels-0", fine, give(opus, "channels", "0")},
	{"22-fmtp-apt-text", "wwww.", give("<parameter name='apt'", "value", "VP8")},
	{"22-fmtp-apt-unknown-pt", "wwww.", give("<parameter name='apt'", "value", "59")},
	{"22-fmtp-minptime-text", fine, give(minptime, "value", "long")},
	{"22-fmtp-level-asym-2", fine, give("<parameter name='level-asymmetry-allowed'", "value", "2")},
	{"22-fmtp-profile-level-id-bad", fine, give("<parameter name='profile-level-id'", "value", "xyz")},
	{"22-fmtp-packetization-mode-text", fine, give("<parameter name='packetization-mode'", "value", "one")},
	{"22-fmtp-maxplaybackrate-text", fine, after(minptime, "<parameter name='maxplaybackrate' value='high'/>")},
	{"22-fmtp-profile-id-text", fine, give("<parameter name='profile-id'", "value", "zero")},
	{"22-ptime-text", fine, give("<description", "ptime", "short")},

	{"23-answer-pt-not-offered", "wwww.", give(opus, "id", "59")},
	{"23-h264-underscore-decimal-names", fine, also(swapAll("level-asymmetry-allowed", "level_asymmetry_allowed"), swapAll("packetization-mode", "packetization_mode"), swap("name='profile-level-id' value='42001f'", "name='profile_level_id' value='4325407'"))},
	{"23-h264-both-spellings", fine, after("<parameter name='packetization-mode'", "<parameter name='packetization_mode' value='1'/>")},
	{"23-vp8-max-fs-fr", fine, after(vp8, "<parameter name='max-fs' value='12288'/><parameter name='max-fr' value='60'/>")},
	{"23-red-video-with-rtcp-fb", fine, before(h264, "<payload-type id='122' name='red' clockrate='90000'><rtcp-fb "+feedbackN+" type='nack'/></payload-type>")},
	{"23-opus-profile-level-id-monal", fine, after(minptime, "<parameter name='profile_level_id' value='4325392'/>")},
}
