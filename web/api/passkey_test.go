package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"hashyard/web"
	"hashyard/web/api"
)

// authenticator is a passkey in software.
type authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte // the user it belongs to
	count   uint32
	origin  string
	present byte // flags: the user was there, and unlocked it
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &authenticator{t: t, key: key, id: id, origin: origin, present: 0x05}
}

var b64 = base64.RawURLEncoding

type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		UserVerification string `json:"userVerification"`
	} `json:"publicKey"`
}

func (a *authenticator) client(kind, challenge string) []byte {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

func (a *authenticator) data(flags byte) []byte {
	rp := sha256.Sum256([]byte("localhost"))
	a.count++
	return binary.BigEndian.AppendUint32(append(rp[:], flags), a.count)
}

// create answers an enrolment, as PublicKeyCredential.toJSON writes it.
func (a *authenticator) create(o options) map[string]any {
	a.t.Helper()
	var err error
	if a.handle, err = b64.DecodeString(o.PublicKey.User.ID); err != nil || len(a.handle) != 16 {
		a.t.Fatalf("user handle %q: %v", o.PublicKey.User.ID, err)
	}
	pub, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	data := append(a.data(a.present|0x40), make([]byte, 16)...) // no model told
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(data, a.id...)
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20) // COSE: EC2, ES256, P-256
	data = append(append(append(data, pub[1:33]...), 0x22, 0x58, 0x20), pub[33:]...)
	object := slices.Concat([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), []byte{byte(len(data))}, data)
	return map[string]any{
		"id": b64.EncodeToString(a.id), "rawId": b64.EncodeToString(a.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON":    b64.EncodeToString(a.client("webauthn.create", o.PublicKey.Challenge)),
			"attestationObject": b64.EncodeToString(object), "transports": []string{"internal"},
		},
	}
}

// get answers a challenge.
func (a *authenticator) get(o options) map[string]any {
	a.t.Helper()
	client, data := a.client("webauthn.get", o.PublicKey.Challenge), a.data(a.present)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(slices.Concat(data, hash[:]))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return map[string]any{
		"id": b64.EncodeToString(a.id), "rawId": b64.EncodeToString(a.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
			"signature": b64.EncodeToString(sig), "userHandle": b64.EncodeToString(a.handle),
		},
	}
}

// enrolPasskey goes through the whole ceremony in a session that may.
func (b *browser) enrolPasskey(a *authenticator) reply {
	b.y.t.Helper()
	o := decode[options](b.y.t, b.do("PUT", "/me/enrolment", map[string]string{"kind": "passkey"}))
	return b.do("POST", "/me/factors", map[string]any{"kind": "passkey", "name": "blue key", "passkey": a.create(o)})
}

// asked begins a sign-in without a password; the cookie stays with the browser.
func (y *yard) asked() (cookie string, o options) {
	y.t.Helper()
	r := (&browser{y: y}).do("PUT", "/session/passkey", nil)
	y.want(r, 200, `"userVerification":"required"`)
	res := http.Response{Header: r.header}
	for _, c := range res.Cookies() {
		if c.Name == "hashyard-passkey" && c.HttpOnly && c.SameSite == http.SameSiteStrictMode {
			return c.Value, decode[options](y.t, r)
		}
	}
	y.t.Fatalf("no cookie: %v", r.header)
	return "", o
}

func (b *browser) answer(cookie string, passkey map[string]any) reply {
	return b.do("POST", "/session/passkey", map[string]any{"passkey": passkey}, "Cookie", "hashyard-passkey="+cookie)
}

func TestPasskeySignIn(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a := newAuthenticator(t)
	y.want(y.signIn("owner@north.example").enrolPasskey(a), 201, `"kind":"passkey"`)

	b := &browser{y: y}
	cookie, o := y.asked()
	passkey := a.get(o)
	y.want((&browser{y: y}).answer("", passkey), 409, "ceremony_ended") // another browser's answer
	y.want(b.answer(cookie, passkey), 200, `"stage":"full"`)
	y.want(b.do("POST", "/keys", map[string]any{"name": "k", "roles": []string{"viewer"}}), 201, "hy_") // it stepped up, too
	y.want((&browser{y: y}).answer(cookie, passkey), 409, "ceremony_ended")
	other, _ := y.asked()
	y.want((&browser{y: y}).answer(other, passkey), 403, "factor_refused") // the answer to another challenge

	refused := func(name string, change func(c *authenticator), body func(map[string]any)) {
		t.Helper()
		c := *a
		change(&c)
		cookie, o := y.asked()
		passkey := c.get(o)
		body(passkey)
		r := (&browser{y: y}).answer(cookie, passkey)
		if r.status != 403 || decode[struct{ Code string }](t, r).Code != "factor_refused" || r.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		y.want((&browser{y: y}).answer(cookie, a.get(o)), 409, "ceremony_ended") // a challenge is asked once
	}
	same := func(map[string]any) {}
	refused("not unlocked", func(c *authenticator) { c.present = 0x01 }, same)
	refused("of another site", func(c *authenticator) { c.origin = "https://evil.example" }, same)
	refused("of nobody", func(c *authenticator) { c.id = []byte("0123456789abcdef") }, same)
	refused("of another user", func(c *authenticator) { c.handle = slices.Clone(c.handle); c.handle[3] ^= 1 }, same)
	refused("copied", func(c *authenticator) { c.count = 0 }, same)
	refused("forged", func(c *authenticator) { c.key = newAuthenticator(t).key }, same)
	refused("another kind", func(*authenticator) {}, func(p map[string]any) { p["type"] = "password" })
	refused("no answer", func(*authenticator) {}, func(p map[string]any) { p["response"] = map[string]any{} })

	// Five minutes.
	cookie, o = y.asked()
	y.now.Add(301)
	y.want(b.answer(cookie, a.get(o)), 409, "ceremony_ended")

	// Who is disabled is not let in.
	owner := y.signIn("owner@baltic.example")
	y.want(owner.enrolPasskey(a), 409, "already exists") // nor does it open two accounts
	_, err := y.owner.Exec(t.Context(), "UPDATE users SET disabled = true WHERE email = 'owner@north.example'")
	y.must(err)
	cookie, o = y.asked()
	y.want(b.answer(cookie, a.get(o)), 403, "factor_refused")
}

// TestPasskeyAsFactor: after the password, and again for a step up; each
// challenge once, and only in the session that asked.
func TestPasskeyAsFactor(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a := newAuthenticator(t)
	view := y.signIn("view@north.example")
	r := view.enrolPasskey(a)
	y.want(r, 201, "recovery_codes")
	o := decode[options](t, view.do("PUT", "/me/enrolment", map[string]string{"kind": "passkey"}))
	created := newAuthenticator(t).create(o)
	created["response"].(map[string]any)["attestationObject"] = "oA"
	y.want(view.do("POST", "/me/factors", map[string]any{"kind": "passkey", "name": "x", "passkey": created}), 403, "factor_refused")
	y.want(view.do("POST", "/me/factors", map[string]any{"kind": "passkey", "name": "x", "passkey": newAuthenticator(t).create(o)}), 409, "ceremony_ended")

	first, second := y.begin("view@north.example"), y.begin("view@north.example")
	if me := decode[api.Me](t, first.do("GET", "/me", nil)); me.Session.Stage != "verify" || !slices.Equal(me.Session.Factors, []web.FactorKind{"passkey", "recovery"}) || me.Session.PasskeyOrigin != origin {
		t.Errorf("session: %+v", me.Session)
	}
	show := func(b *browser, passkey map[string]any) reply {
		return b.do("PUT", "/session/factor", map[string]any{"passkey": passkey})
	}
	o = decode[options](t, first.do("PUT", "/session/challenge", nil))
	answer := a.get(o)
	y.want(show(second, answer), 409, "ceremony_ended")
	y.want(show(first, answer), 200, `"stage":"full"`)
	y.want(show(first, answer), 409, "ceremony_ended")
	first.do("PUT", "/session/challenge", nil) // a new one; the answer is to the old
	y.want(show(first, answer), 403, "factor_refused")
	y.now.Add(11 * 60)
	y.want(first.do("POST", "/me/recovery-codes", nil), 403, "step_up_required")
	o = decode[options](t, first.do("PUT", "/session/challenge", nil))
	y.want(show(first, a.get(o)), 200, "step_up_until")
	y.want(first.do("POST", "/me/recovery-codes", nil), 201, "recovery_codes")

	// A challenge for signing in is none for enrolling, nor the other way.
	o = decode[options](t, first.do("PUT", "/session/challenge", nil))
	y.want(first.do("POST", "/me/factors", map[string]any{"kind": "passkey", "name": "x", "passkey": a.get(o)}), 409, "ceremony_ended")
}
