package auth

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// servers are those that tokens are tried on.
func servers(t *testing.T) map[string]*Auth {
	key := func(name, text string, c JWTConfig) *Auth {
		c.KeyFile = file(t, name, text)
		return newAuth(t, Config{JWT: c, GuestKey: []byte(guestSecret)})
	}
	set := `{"keys":[` + strings.Join([]string{
		publicJWK(t, "r", rsaTestKey().Public(), `"alg":"RS256"`), publicJWK(t, "p", otherRSAKey().Public(), `"alg":"PS256"`),
		publicJWK(t, "e", ecTestKey("P-256").Public()), publicJWK(t, "d", edTestKey().Public(), `"alg":"Ed25519"`),
	}, ",") + `]}`
	return map[string]*Auth{
		"hs":    key("secret", secret+"\n", JWTConfig{}),
		"rs":    key("rsa.pem", pemOf(t, rsaTestKey().Public()), JWTConfig{}),
		"rs256": key("rsa.pem", pemOf(t, rsaTestKey().Public()), JWTConfig{Algorithms: []string{"RS256"}}),
		"es":    key("ec.pem", pemOf(t, ecTestKey("P-256").Public()), JWTConfig{}),
		"es384": key("ec.pem", pemOf(t, ecTestKey("P-384").Public()), JWTConfig{}),
		"es512": key("ec.pem", pemOf(t, ecTestKey("P-521").Public()), JWTConfig{}),
		"ed":    key("ed.pem", pemOf(t, edTestKey().Public()), JWTConfig{}),
		"two":   key("two.pem", pemOf(t, otherRSAKey().Public())+pemOf(t, rsaTestKey().Public()), JWTConfig{}),
		"aud":   key("secret", secret, JWTConfig{Issuer: "https://id.example.org", Audience: []string{"calls", "other"}}),
		"email": key("secret", secret, JWTConfig{NameClaim: "nick", TitleClaim: "display"}),
		"set":   newAuth(t, Config{JWT: JWTConfig{JWKS: file(t, "set.json", set)}}),
		"guest": newAuth(t, Config{GuestKey: []byte(guestSecret)}),
	}
}

const guestSecret = "another secret of more than 32 bytes"

// trick is a token, where it is tried, and what comes of it.
type trick struct{ name, server, token, want string }

const bad = CodeAuthFailed

func TestTokens(t *testing.T) {
	tricks := make(map[string]bool)
	all := servers(t)
	for _, list := range [][]trick{goodTokens(t), signatureTricks(t), headerTricks(t), shapeTricks(t), timeTricks(t), claimTricks(t), guestTricks(t)} {
		for _, k := range list {
			a := all[k.server]
			a.throttle = newThrottle(atNoon) // each is the first
			g, err := a.Check(t.Context(), Request{Token: k.token, Addr: "192.0.2.1"})
			if got := codeOf(err); got != k.want {
				t.Errorf("%s (%s): got %q (%v) %+v, want %q", k.name, k.server, got, err, g, k.want)
			}
			if err == nil && (g.Method != "token" || g.Name == "" || g.Until.IsZero()) {
				t.Errorf("%s: got %+v", k.name, g)
			}
			tricks[k.name] = true
		}
	}
	if len(tricks) < 60 {
		t.Errorf("%d tricks, want 60", len(tricks))
	}
}

// goodTokens are what the tricks are made from.
func goodTokens(t *testing.T) (list []trick) {
	hs, rs, ed := []byte(secret), rsaTestKey(), edTestKey()
	for _, g := range []struct {
		server, alg string
		key         any
	}{
		{"hs", "HS256", hs}, {"hs", "HS384", hs}, {"hs", "HS512", hs}, {"rs", "RS256", rs}, {"rs", "RS384", rs}, {"rs", "RS512", rs},
		{"rs", "PS256", rs}, {"rs", "PS384", rs}, {"rs", "PS512", rs}, {"es", "ES256", ecTestKey("P-256")}, {"es384", "ES384", ecTestKey("P-384")},
		{"es512", "ES512", ecTestKey("P-521")}, {"ed", "EdDSA", ed}, {"rs256", "RS256", rs}, {"two", "RS256", rs}, {"two", "PS512", otherRSAKey()},
		{"set", "RS256", rs}, {"set", "PS256", otherRSAKey()}, {"set", "ES256", ecTestKey("P-256")}, {"set", "EdDSA", ed},
	} {
		list = append(list, trick{"good " + g.server + " " + g.alg, g.server, sign(t, g.alg, g.key, anna()), ""})
	}
	return list
}

func signatureTricks(t *testing.T) []trick {
	good := sign(t, "RS256", rsaTestKey(), anna())
	unsigned, _, _ := strings.Cut(good, ".")
	body := strings.Split(good, ".")[1]
	public := pemOf(t, rsaTestKey().Public())
	der, err := x509.MarshalPKIXPublicKey(rsaTestKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	ecText := b64([]byte(`{"alg":"ES256"}`)) + "." + b64([]byte(anna()))
	r, s := halves(signature(t, ecText, "ES256", ecTestKey("P-256")))
	none := func(alg string) string {
		return b64([]byte(`{"alg":"`+alg+`"}`)) + "." + body + "."
	}
	joined := func(parts ...[]byte) string {
		sig := []byte{}
		for _, p := range parts {
			sig = append(sig, p...)
		}
		return ecText + "." + b64(sig)
	}
	return []trick{
		{"alg none", "rs", none("none"), bad}, {"alg None", "rs", none("None"), bad}, {"alg nOnE, on a secret", "hs", none("nOnE"), bad},
		{"alg none, signed by none", "rs", forge(t, `{"alg":"none"}`, anna(), "none", jwt.UnsafeAllowNoneSignatureType), bad},
		{"alg empty", "rs", none(""), bad}, {"no alg", "rs", b64([]byte(`{}`)) + "." + body + ".", bad},
		{"alg rs256 in lower case", "rs", forge(t, `{"alg":"rs256"}`, anna(), "RS256", rsaTestKey()), bad},
		{"HS256 with the public key in PEM", "rs", sign(t, "HS256", []byte(public), anna()), bad},
		{"HS256 with the public key in DER", "rs", sign(t, "HS256", der, anna()), bad},
		{"HS256 with the base64 of the public key", "rs", sign(t, "HS256", []byte(b64(der)), anna()), bad},
		{"HS256 with no secret", "rs", sign(t, "HS256", []byte{}, anna()), bad},
		{"HS256 with the secret's line end", "hs", sign(t, "HS256", []byte(secret+"\n"), anna()), bad},
		{"RS256 on a secret", "hs", sign(t, "RS256", rsaTestKey(), anna()), bad},
		{"RS256 by another key", "rs", sign(t, "RS256", otherRSAKey(), anna()), bad},
		{"PS256 where RS256 was meant", "rs256", sign(t, "PS256", rsaTestKey(), anna()), bad},
		{"PS256 with a JWK for RS256", "set", forge(t, `{"alg":"PS256","kid":"r"}`, anna(), "PS256", rsaTestKey()), bad},
		{"an RS256 signature said to be PS256", "rs", forge(t, `{"alg":"PS256"}`, anna(), "RS256", rsaTestKey()), bad},
		{"ES256 with the bytes of ES384's key", "es384", sign(t, "ES256", ecTestKey("P-256"), anna()), bad},
		{"ES384 said to be ES256", "es384", forge(t, `{"alg":"ES256"}`, anna(), "ES384", ecTestKey("P-384")), bad},
		{"r and s swapped", "es", joined(s, r), bad},
		{"r and s are 0", "es", joined(make([]byte, 64)), bad},
		{"r and s are n", "es", joined(otherS(make([]byte, 32), curves["P-256"]), otherS(make([]byte, 32), curves["P-256"])), bad},
		{"no r, no s", "es", ecText + ".", bad},
		{"the other s, which is as good", "es", joined(r, otherS(s, curves["P-256"])), ""},
		{"s with a zero before it", "es", joined(r, []byte{0}, s), bad},
		{"unsigned", "rs", unsigned + "." + body + ".", bad}, {"two parts", "rs", unsigned + "." + body, bad},
		{"a truncated signature", "rs", good[:len(good)-2], bad}, {"a longer signature", "rs", good + "AA", bad},
		{"another's claims", "rs", unsigned + "." + b64([]byte(strings.Replace(anna(), "anna", "bob!", 1))) + good[strings.LastIndex(good, "."):], bad},
		{"EdDSA with zeros", "ed", b64([]byte(`{"alg":"EdDSA"}`)) + "." + body + "." + b64(make([]byte, 64)), bad},
		{"EdDSA on RSA", "rs", sign(t, "EdDSA", edTestKey(), anna()), bad},
		{"the guest key's on a secret", "hs", sign(t, "HS256", []byte(guestSecret), anna()), bad},
	}
}

func headerTricks(t *testing.T) []trick {
	rs := func(header string) string { return forge(t, header, anna(), "RS256", rsaTestKey()) }
	evil := func(more string) string {
		return forge(t, `{"alg":"RS256",`+more+`}`, anna(), "RS256", otherRSAKey())
	}
	cert := b64(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("evil")}))
	return []trick{
		{"its own key in jwk", "rs", evil(`"jwk":` + publicJWK(t, "", otherRSAKey().Public())), bad},
		{"its own key at jku", "rs", evil(`"jku":"https://evil.example/keys"`), bad},
		{"its own certificate at x5u", "rs", evil(`"x5u":"https://evil.example/cert"`), bad},
		{"its own certificate in x5c", "rs", evil(`"x5c":["` + cert + `"]`), bad},
		{"the right key, and an evil jku", "rs", rs(`{"alg":"RS256","jku":"https://evil.example/keys"}`), ""},
		{"the right kid", "set", rs(`{"alg":"RS256","kid":"r"}`), ""},
		{"another's kid", "set", rs(`{"alg":"RS256","kid":"e"}`), bad},
		{"an unknown kid", "set", rs(`{"alg":"RS256","kid":"x"}`), bad},
		{"a kid that is a path", "set", rs(`{"alg":"RS256","kid":"../../../../dev/null"}`), bad},
		{"a kid that is a query", "set", rs(`{"alg":"RS256","kid":"x' UNION SELECT 'k"}`), bad},
		{"a kid that is a number", "set", rs(`{"alg":"RS256","kid":7}`), bad},
		{"a kid where keys have none", "rs", rs(`{"alg":"RS256","kid":"r"}`), ""},
		{"crit", "rs", rs(`{"alg":"RS256","crit":["exp"]}`), bad}, {"crit empty", "rs", rs(`{"alg":"RS256","crit":[]}`), bad},
		{"b64 false", "rs", rs(`{"alg":"RS256","b64":false}`), bad}, {"b64 true", "rs", rs(`{"alg":"RS256","b64":true}`), ""},
		{"b64 false and crit", "rs", rs(`{"alg":"RS256","b64":false,"crit":["b64"]}`), bad},
		{"a token in a token", "rs", rs(`{"alg":"RS256","cty":"JWT"}`), bad},
		{"alg twice", "rs", rs(`{"alg":"none","alg":"RS256"}`), bad}, {"alg twice, escaped", "rs", rs(`{"alg":"RS256","\u0061lg":"RS256"}`), bad},
		{"ALG", "rs", rs(`{"ALG":"RS256"}`), bad}, {"alg in a list", "rs", rs(`{"alg":["RS256"]}`), bad}, {"alg null", "rs", rs(`{"alg":null}`), bad},
		{"typ at+jwt", "rs", rs(`{"alg":"RS256","typ":"application/at+JWT"}`), ""},
		{"typ of a token that logs out", "rs", rs(`{"alg":"RS256","typ":"logout+jwt"}`), bad},
		{"typ of a proof", "rs", rs(`{"alg":"RS256","typ":"dpop+jwt"}`), bad},
		{"a header that is a list", "rs", rs(`[]`), bad}, {"a header that is no JSON", "rs", rs(`alg=RS256`), bad},
		{"a header with more after it", "rs", rs(`{"alg":"RS256"}{}`), bad}, {"no header", "rs", rs(``), bad},
		{"a header with bad UTF-8", "rs", rs("{\"alg\":\"RS256\",\"x\":\"\xff\"}"), bad},
	}
}

func shapeTricks(t *testing.T) []trick {
	good := sign(t, "RS256", rsaTestKey(), anna())
	parts := strings.Split(good, ".")
	return []trick{
		{"a blank before it", "rs", " " + good, bad}, {"a line end after it", "rs", good + "\n", bad},
		{"a line end inside", "rs", good[:9] + "\n" + good[9:], bad}, {"a line end in the signature", "rs", good[:len(good)-9] + "\r\n" + good[len(good)-9:], bad},
		{"Bearer", "rs", "Bearer " + good, bad}, {"padding", "rs", good + "==", bad},
		{"standard base64", "rs", parts[0] + "." + parts[1] + ".++//", bad},
		{"garbage", "rs", "%%%.%%%.%%%", bad}, {"dots", "rs", "..", bad}, {"a dot more", "rs", good + ".", bad}, {"a dot", "rs", ".", bad}, {"a word", "rs", "x", bad},
		{"five parts, as of an encrypted one", "rs", good + "." + parts[1] + "." + parts[2], bad},
		{"8 KiB and more", "rs", sign(t, "RS256", rsaTestKey(), anna(`"x":"`+strings.Repeat("x", maxToken)+`"`)), bad},
		{"almost 8 KiB", "rs", sign(t, "RS256", rsaTestKey(), anna(`"x":"`+strings.Repeat("x", 5000)+`"`)), ""},
		{"many levels", "rs", sign(t, "RS256", rsaTestKey(), anna(`"x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000))), ""},
		{"trailing bits", "rs", trailing(good), bad},
		{"bytes that are no text", "rs", "\xff\xfe." + parts[1] + "." + parts[2], bad}, {"zeros", "rs", strings.Repeat("\x00", 64), bad},
	}
}

// trailing sets bits of the last character that no byte has.
func trailing(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, token[len(token)-1])
	return token[:len(token)-1] + letters[last^1:last^1+1]
}

func timeTricks(t *testing.T) (list []trick) {
	at := func(name, claim string, seconds int64, want string) {
		claims := fmt.Sprintf(`{"sub":"anna","exp":%d,%q:%d}`, noon.Unix()+3600, claim, noon.Unix()+seconds)
		if claim == "exp" {
			claims = fmt.Sprintf(`{"sub":"anna","exp":%d}`, noon.Unix()+seconds)
		}
		list = append(list, trick{name, "hs", sign(t, "HS256", []byte(secret), claims), want})
	}
	at("exp a second before the leeway ends", "exp", -59, "")
	at("exp as the leeway ends", "exp", -60, CodeExpired)
	at("exp a second after the leeway", "exp", -61, CodeExpired)
	at("nbf a second within the leeway", "nbf", 59, "")
	at("nbf as the leeway begins", "nbf", 60, "")
	at("nbf a second too early", "nbf", 61, CodeNotYet)
	at("iat within the leeway", "iat", 60, "")
	at("iat in the future", "iat", 61, CodeNotYet)
	at("iat long ago", "iat", -1e9, "")
	raw := func(name, claims, want string) {
		list = append(list, trick{name, "hs", sign(t, "HS256", []byte(secret), claims), want})
	}
	raw("no exp", `{"sub":"anna"}`, bad)
	raw("exp null", `{"sub":"anna","exp":null}`, bad)
	raw("exp a string", `{"sub":"anna","exp":"1895000000"}`, bad)
	raw("exp a list", `{"sub":"anna","exp":[1895000000]}`, bad)
	raw("exp true", `{"sub":"anna","exp":true}`, bad)
	raw("exp 0", `{"sub":"anna","exp":0}`, bad)
	raw("exp negative", `{"sub":"anna","exp":-1}`, bad)
	raw("exp at the end of time", `{"sub":"anna","exp":1e300}`, bad)
	raw("exp beyond numbers", `{"sub":"anna","exp":1e999}`, bad)
	raw("exp in the year 10000", `{"sub":"anna","exp":253402300800}`, bad)
	raw("exp with a fraction", fmt.Sprintf(`{"sub":"anna","exp":%d.5}`, noon.Unix()), "")
	raw("exp twice", fmt.Sprintf(`{"sub":"anna","exp":1,"exp":%d}`, noon.Unix()+9), bad)
	raw("EXP", fmt.Sprintf(`{"sub":"anna","EXP":%d}`, noon.Unix()+9), bad)
	raw("nbf a string", anna(`"nbf":"0"`), bad)
	raw("ended before it begins", fmt.Sprintf(`{"sub":"anna","exp":%d,"nbf":%d}`, noon.Unix()-100, noon.Unix()+100), CodeExpired)
	list = append(list, trick{"ended, and for somebody else", "aud", sign(t, "HS256", []byte(secret), `{"sub":"anna","exp":1,"iss":"x","aud":"x"}`), bad},
		trick{"ended, and forged", "rs", sign(t, "RS256", otherRSAKey(), `{"sub":"anna","exp":1}`), bad})
	return list
}

func claimTricks(t *testing.T) (list []trick) {
	add := func(server, name, claims, want string) {
		list = append(list, trick{name, server, sign(t, "HS256", []byte(secret), claims), want})
	}
	const iss = `"iss":"https://id.example.org"`
	add("aud", "aud and iss", anna(iss, `"aud":"calls"`), "")
	add("aud", "aud in a list", anna(iss, `"aud":["mail","other"]`), "")
	add("aud", "aud of others", anna(iss, `"aud":["mail","callsx"]`), bad)
	add("aud", "aud empty", anna(iss, `"aud":[]`), bad)
	add("aud", "aud of blank", anna(iss, `"aud":""`), bad)
	add("aud", "aud a number", anna(iss, `"aud":7`), bad)
	add("aud", "no aud", anna(iss), bad)
	add("aud", "no iss", anna(`"aud":"calls"`), bad)
	add("aud", "iss with a slash more", anna(`"iss":"https://id.example.org/"`, `"aud":"calls"`), bad)
	add("aud", "iss in a list", anna(`"iss":["https://id.example.org"]`, `"aud":"calls"`), bad)
	add("hs", "aud where none is configured", anna(`"aud":"mail"`), bad)
	add("hs", "aud where none is configured, and ended", `{"sub":"anna","exp":1,"aud":"mail"}`, bad)
	add("hs", "aud of nobody", anna(`"aud":[]`), "")
	exp := fmt.Sprintf(`"exp":%d`, noon.Unix()+9)
	add("hs", "no sub", `{`+exp+`}`, bad)
	add("hs", "sub empty", `{"sub":"",`+exp+`}`, bad)
	add("hs", "sub a number", `{"sub":7,`+exp+`}`, bad)
	add("hs", "sub null", `{"sub":null,`+exp+`}`, bad)
	add("hs", "sub an object", `{"sub":{"anna":1},`+exp+`}`, bad)
	add("hs", "sub twice", `{"sub":"bob","sub":"anna",`+exp+`}`, bad)
	add("hs", "sub and Sub", anna(`"Sub":"bob"`), "")
	add("hs", "Sub alone", `{"Sub":"anna",`+exp+`}`, bad)
	add("hs", "sub with a zero", `{"sub":"an\u0000na",`+exp+`}`, CodeBadName)
	add("hs", "sub with blanks around it", `{"sub":" anna",`+exp+`}`, CodeBadName)
	add("hs", "sub too long", `{"sub":"`+strings.Repeat("a", 65)+`",`+exp+`}`, CodeBadName)
	add("hs", "sub of a guest", `{"sub":"Guest-7",`+exp+`}`, CodeBadName)
	add("hs", "sub with half a character", `{"sub":"anna\ud800",`+exp+`}`, CodeBadName)
	add("hs", "claims that are a list", `[]`, bad)
	add("hs", "claims that are null", `null`, bad)
	add("hs", "claims that are empty", ``, bad)
	add("hs", "claims with more after them", anna()+`{}`, bad)
	add("hs", "claims with bad UTF-8", "{\"sub\":\"an\xffna\","+exp+"}", bad)
	add("email", "another name claim", anna(`"nick":"anna"`, `"display":"Anna"`), "")
	add("email", "another name claim, missing", anna(), bad)
	return list
}

func guestTricks(t *testing.T) []trick {
	guest := func(key, header, claims string) string {
		return forge(t, header, claims, "HS256", []byte(key))
	}
	exp := fmt.Sprintf(`"exp":%d`, noon.Unix()+9)
	const typ = `{"alg":"HS256","typ":"guest+jwt"}`
	const call = `"jb":{"call":["juliet@example.org"]}`
	site := func(jb string) string { return sign(t, "HS256", []byte(secret), anna(jb)) }
	return []trick{
		{"a guest link", "guest", guest(guestSecret, typ, `{`+exp+`,`+call+`}`), ""},
		{"a guest link without typ", "guest", guest(guestSecret, `{"alg":"HS256"}`, `{`+exp+`,`+call+`}`), bad},
		{"a guest link without exp", "guest", guest(guestSecret, typ, `{`+call+`}`), bad},
		{"a guest link without jb", "guest", guest(guestSecret, typ, `{`+exp+`,"sub":"anna"}`), bad},
		{"a guest link by the site's key", "hs", guest(secret, typ, `{`+exp+`,`+call+`}`), bad},
		{"a guest link with HS512", "guest", forge(t, `{"alg":"HS512","typ":"guest+jwt"}`, `{`+exp+`,`+call+`}`, "HS512", []byte(guestSecret)), bad},
		{"a guest link where there are none", "set", guest(guestSecret, typ, `{`+exp+`,`+call+`}`), bad},
		{"a guest of the site", "hs", site(call), ""}, {"a guest who may call nobody", "hs", site(`"jb":{}`), ""},
		{"jb null", "hs", site(`"jb":null`), bad}, {"jb a string", "hs", site(`"jb":"*"`), bad}, {"jb twice", "hs", site(call + `,"jb":{}`), bad},
		{"call a number", "hs", site(`"jb":{"call":7}`), bad}, {"call of nothing", "hs", site(`"jb":{"call":[""]}`), bad},
		{"call twice", "hs", site(`"jb":{"call":[],"call":["x"]}`), bad}, {"call with line ends", "hs", site(`"jb":{"call":["a\nb"]}`), bad},
		{"call of too many", "hs", site(`"jb":{"call":["a"` + strings.Repeat(`,"a"`, maxCalls) + `]}`), bad},
		{"max 1", "hs", site(`"jb":{"max":1},"jti":"7"`), ""}, {"max 1 without jti", "hs", site(`"jb":{"max":1}`), bad},
		{"max 2", "hs", site(`"jb":{"max":2},"jti":"7"`), bad}, {"max 0", "hs", site(`"jb":{"max":0},"jti":"7"`), bad},
		{"max 1.5", "hs", site(`"jb":{"max":1.5},"jti":"7"`), bad}, {"max null", "hs", site(`"jb":{"max":null},"jti":"7"`), bad},
		{"jti too long", "hs", site(`"jb":{"max":1},"jti":"` + strings.Repeat("7", maxTokenID+1) + `"`), bad},
	}
}
