package web

import (
	"errors"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"hashyard"
)

// What an authenticator answers to recordedChallenge, of the user of the
// sixteen bytes 0 to 15.
const (
	recordedChallenge = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	recordedCreate    = `{"clientExtensionResults":{},"id":"qrFEXjB4o-jFbS9CxfoVoA","rawId":"qrFEXjB4o-jFbS9CxfoVoA","response":{"attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YViUSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAQAAAAAAAAAAAAAAAAAAAAAAEKqxRF4weKPoxW0vQsX6FaClAQIDJiABIVggn2fU7zDyWVLsLsrZtx_DSOPZj2F16qNYJ7OtfgBobrwiWCCcy6NsVyg0niEuqI0SdojEeHtZdXt6zttX-7ez-vU8Gg","clientDataJSON":"eyJjaGFsbGVuZ2UiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4IiwiY3Jvc3NPcmlnaW4iOmZhbHNlLCJvcmlnaW4iOiJodHRwOi8vbG9jYWxob3N0OjgwODAiLCJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0","transports":["internal"]},"type":"public-key"}`
	recordedGet       = `{"clientExtensionResults":{},"id":"qrFEXjB4o-jFbS9CxfoVoA","rawId":"qrFEXjB4o-jFbS9CxfoVoA","response":{"authenticatorData":"SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg","clientDataJSON":"eyJjaGFsbGVuZ2UiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4IiwiY3Jvc3NPcmlnaW4iOmZhbHNlLCJvcmlnaW4iOiJodHRwOi8vbG9jYWxob3N0OjgwODAiLCJ0eXBlIjoid2ViYXV0aG4uZ2V0In0","signature":"MEUCIQCOAw0gGiHlAIH3cn0YKj1P6iGWxf-k68Y0AGOBIzl8fAIgH5uwybKmUKGTTZnsXSJuvfmB-qLdtXya5Eb7SeV9TN4","userHandle":"AAECAwQFBgcICQoLDA0ODw"},"type":"public-key"}`
)

// FuzzCeremony: no body of a ceremony breaks the server, and none but the
// recorded answers opens anything.
func FuzzCeremony(f *testing.F) {
	rp, err := relyingParty("http://localhost:8080")
	if err != nil {
		f.Fatal(err)
	}
	data := webauthn.SessionData{
		Challenge: recordedChallenge, RelyingPartyID: "localhost", UserVerification: "required", Expires: time.Now().Add(time.Hour),
	}
	user := User{Email: "a@b.example", Name: "A"}
	for i := range user.ID {
		user.ID[i] = byte(i)
	}
	data.UserID = user.ID[:]
	_, created, err := rp.BeginRegistration(holder{user: user})
	if err != nil {
		f.Fatal(err)
	}
	data.CredParams = created.CredParams
	enrolled := func(body []byte) (*webauthn.Credential, error) {
		answer, err := parseAttestation(body)
		if err != nil {
			return nil, err
		}
		c, err := rp.CreateCredential(holder{user: user}, data, answer)
		if err != nil {
			return nil, errPasskey(err)
		}
		return c, nil
	}
	known, err := enrolled([]byte(recordedCreate))
	if err != nil {
		f.Fatal(err)
	}
	shown := func(body []byte) error {
		answer, err := parseAssertion(body)
		if err != nil {
			return err
		}
		h := holder{user: user, keys: []webauthn.Credential{*known}}
		find := func(_, _ []byte) (webauthn.User, error) { return h, nil }
		anyone := data
		anyone.UserID = nil
		if _, _, err := rp.ValidatePasskeyLogin(find, anyone, answer); err != nil {
			return errPasskey(err)
		}
		return nil
	}
	if err := shown([]byte(recordedGet)); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{recordedCreate, recordedGet, `{}`, `null`, `[]`, `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := enrolled(body); err != nil && !errors.Is(err, hashyard.Denied) {
			t.Errorf("refused for another reason: %v", err)
		} else if err == nil && len(c.ID) == 0 {
			t.Error("a passkey without an id")
		}
		if err := shown(body); err != nil && !errors.Is(err, hashyard.Denied) {
			t.Errorf("refused for another reason: %v", err)
		}
	})
}
