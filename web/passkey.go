package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"hashyard"
)

// relyingParty makes the library's side of passkeys for the one origin that
// people reach the app by. Without one there are no passkeys.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	if origin == "" {
		return nil, nil //nolint:nilnil // no passkeys, and asking for one says so
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "localhost" || u.Path != "" || u.RawQuery != "" {
		return nil, hashyard.Invalid.Errorf("%.200q is not an origin for passkeys: https://name, or http://localhost:port", origin)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, hashyard.Invalid.Errorf("%.200q is not an origin for passkeys: browsers want a name there, no address", origin)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "hashyard", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys at %s: %w", origin, err)
	}
	return w, nil
}

// holder is a user with their passkeys, as the library wants to see one.
type holder struct {
	user User
	keys []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.user.ID[:] }
func (h holder) WebAuthnName() string                       { return h.user.Email }
func (h holder) WebAuthnDisplayName() string                { return h.user.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func holderOf(user User, factors []Factor) (holder, error) {
	h := holder{user: user}
	for _, f := range factors {
		if f.Kind != Passkey {
			continue
		}
		var c webauthn.Credential
		if err := json.Unmarshal(f.Credential, &c); err != nil {
			return h, fmt.Errorf("passkey %s: %w", f.ID, err)
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

func (s *Service) relyingParty() (*webauthn.WebAuthn, error) {
	if s.passkeys == nil {
		return nil, hashyard.Unavailable.Errorf("this server takes no passkeys: it was not told its own address")
	}
	return s.passkeys, nil
}

// parseAttestation and parseAssertion read what a browser sends; nothing of it
// is trusted before the library has verified it.
func parseAttestation(body []byte) (*protocol.ParsedCredentialCreationData, error) {
	p, err := protocol.ParseCredentialCreationResponseBytes(body)
	if err != nil {
		return nil, errPasskey(err)
	}
	return p, nil
}

func parseAssertion(body []byte) (*protocol.ParsedCredentialAssertionData, error) {
	p, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return nil, errPasskey(err)
	}
	return p, nil
}

// errPasskey is the same for every reason; which one it was is for the log.
func errPasskey(err error) error {
	p := *errFactor.(*Problem) //nolint:errorlint // coded makes nothing else
	var why *protocol.Error
	if errors.As(err, &why) {
		err = fmt.Errorf("%w: %s", err, why.DevInfo)
	}
	p.Detail, p.cause = "the passkey's answer does not hold; try again", err
	return &p
}

// verified is a passkey after it answered, with its new record.
func verified(factors []Factor, c *webauthn.Credential) (Factor, error) {
	if c.Authenticator.CloneWarning {
		return Factor{}, errPasskey(errors.New("the passkey's counter went back: it may have been copied"))
	}
	for _, f := range factors {
		if string(f.CredentialID) != string(c.ID) {
			continue
		}
		raw, err := json.Marshal(c)
		if err != nil {
			return Factor{}, fmt.Errorf("passkey %s: %w", f.ID, err)
		}
		f.Credential = raw
		return f, nil
	}
	return Factor{}, errFactor
}

// PasskeySignIn begins a sign-in without a password. The token goes into a
// cookie: only the browser that asked can answer.
func (s *Service) PasskeySignIn(ctx context.Context, remote string) (options any, token string, err error) {
	rp, err := s.relyingParty()
	if err != nil {
		return nil, "", err
	}
	limits := []limit{{"passkey from " + network(remote), allowance{burst: 60, every: secondly}}}
	if err := s.tries.take(ctx, limits...); err != nil {
		return nil, "", err
	}
	assertion, data, err := rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, "", fmt.Errorf("passkey sign-in: %w", err)
	}
	token, key := newSecret()
	if err := s.putCeremony(ctx, key, data); err != nil {
		return nil, "", err
	}
	return assertion.Response, token, nil
}

// SignInByPasskey opens a session for whom the passkey belongs to. It was
// unlocked by its holder (user verification), so it counts as both factors.
func (s *Service) SignInByPasskey(ctx context.Context, token string, body []byte, remote, agent, replaces string) (SignedIn, error) {
	rp, err := s.relyingParty()
	if err != nil {
		return SignedIn{}, err
	}
	key, ok := hashSecret(token)
	if !ok {
		return SignedIn{}, errCeremony
	}
	var data webauthn.SessionData
	if err := s.takeCeremony(ctx, key, &data); err != nil {
		return SignedIn{}, err
	}
	answer, err := parseAssertion(body)
	if err != nil {
		return SignedIn{}, err
	}
	var user User
	var factor Factor
	find := func(id, handle []byte) (webauthn.User, error) {
		var err error
		if factor, user, err = s.store.PasskeyUser(ctx, id); err != nil {
			return nil, err
		}
		return holderOf(user, []Factor{factor})
	}
	_, credential, err := rp.ValidatePasskeyLogin(find, data, answer)
	if err != nil || user.Disabled {
		s.log.InfoContext(ctx, "passkey refused", "remote", remote, "disabled", user.Disabled, "error", err)
		return SignedIn{}, errPasskey(err)
	}
	if factor, err = verified([]Factor{factor}, credential); err != nil {
		return SignedIn{}, err
	}
	org, err := s.Org(ctx, user.Org)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.store.UsePasskey(ctx, actorOf(user, org), factor, Renewal{At: s.now()}); err != nil {
		return SignedIn{}, err
	}
	s.endQuietly(ctx, replaces)
	return s.open(ctx, user, remote, agent, Passkey)
}

// PasskeyChallenge asks the session's user for one of their passkeys.
func (s *Service) PasskeyChallenge(ctx context.Context, c Caller) (options any, err error) {
	rp, err := s.relyingParty()
	if err != nil {
		return nil, err
	}
	user, factors, _, err := s.person(ctx, c)
	if err != nil {
		return nil, err
	}
	h, err := holderOf(user, factors)
	if err != nil {
		return nil, err
	}
	if len(h.keys) == 0 {
		return nil, hashyard.NotFound.Errorf("you have no passkey here")
	}
	assertion, data, err := rp.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, fmt.Errorf("passkey challenge: %w", err)
	}
	return assertion.Response, s.putCeremony(ctx, ceremonyOf(c, showing), data)
}

// usePasskey verifies an answer to the session's challenge, which ends by it.
func (s *Service) usePasskey(ctx context.Context, c Caller, user User, factors []Factor, body []byte, r Renewal) error {
	rp, err := s.relyingParty()
	if err != nil {
		return err
	}
	var data webauthn.SessionData
	if err := s.takeCeremony(ctx, ceremonyOf(c, showing), &data); err != nil {
		return err
	}
	answer, err := parseAssertion(body)
	if err != nil {
		return err
	}
	h, err := holderOf(user, factors)
	if err != nil {
		return err
	}
	credential, err := rp.ValidateLogin(h, data, answer)
	if err != nil {
		return errPasskey(err)
	}
	factor, err := verified(factors, credential)
	if err != nil {
		return err
	}
	return s.store.UsePasskey(ctx, c.Actor, factor, r)
}

// beginPasskey makes the options for a new passkey of the user.
func (s *Service) beginPasskey(ctx context.Context, c Caller, user User, factors []Factor) (any, error) {
	rp, err := s.relyingParty()
	if err != nil {
		return nil, err
	}
	h, err := holderOf(user, factors)
	if err != nil {
		return nil, err
	}
	var known []protocol.CredentialDescriptor
	for _, k := range h.keys {
		known = append(known, k.Descriptor())
	}
	creation, data, err := rp.BeginRegistration(h, webauthn.WithExclusions(known))
	if err != nil {
		return nil, fmt.Errorf("enrol a passkey: %w", err)
	}
	return creation.Response, s.putCeremony(ctx, ceremonyOf(c, enrolling), data)
}

// finishPasskey is the factor of an answered enrolment. A failed answer ends
// the ceremony too.
func (s *Service) finishPasskey(ctx context.Context, c Caller, user User, factors []Factor, body []byte, f *Factor) error {
	rp, err := s.relyingParty()
	if err != nil {
		return err
	}
	var data webauthn.SessionData
	if err := s.readCeremony(ctx, ceremonyOf(c, enrolling), &data); err != nil {
		return err
	}
	answer, err := parseAttestation(body)
	if err == nil {
		var h holder
		if h, err = holderOf(user, factors); err != nil {
			return err
		}
		var credential *webauthn.Credential
		if credential, err = rp.CreateCredential(h, data, answer); err == nil {
			f.CredentialID = credential.ID
			f.Credential, err = json.Marshal(credential)
			return err
		}
		err = errPasskey(err)
	}
	return errors.Join(err, s.takeCeremony(ctx, ceremonyOf(c, enrolling), &data))
}
