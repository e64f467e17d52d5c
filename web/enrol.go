package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hashyard"
)

var (
	// errFactor is every refusal alike: wrong, used already, of somebody else.
	errFactor   = coded(hashyard.Denied.Errorf("this code is wrong or was used already"), "factor_refused")
	errCeremony = coded(hashyard.Conflict.Errorf("this took too long, or was answered already; begin again"), "ceremony_ended")
)

// purpose keeps a challenge for one thing from answering another.
type purpose string

const (
	showing   purpose = "show"
	enrolling purpose = "enrol"
	secondly          = time.Second
)

// ceremonyOf is the key of what the session has under way: one of each kind.
func ceremonyOf(c Caller, p purpose) [32]byte {
	return sha256.Sum256([]byte(string(p) + " in session " + c.Session.String()))
}

func (s *Service) putCeremony(ctx context.Context, key [32]byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("ceremony: %w", err)
	}
	return s.store.PutCeremony(ctx, key, data, s.now().Add(ceremonyLife))
}

func (s *Service) takeCeremony(ctx context.Context, key [32]byte, v any) error {
	data, err := s.store.TakeCeremony(ctx, key, s.now())
	return decodeCeremony(data, err, v)
}

func (s *Service) readCeremony(ctx context.Context, key [32]byte, v any) error {
	data, err := s.store.Ceremony(ctx, key, s.now())
	return decodeCeremony(data, err, v)
}

func decodeCeremony(data []byte, err error, v any) error {
	if errors.Is(err, hashyard.NotFound) {
		return errCeremony
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("ceremony: %w", err)
	}
	return nil
}

// person is who the session belongs to, with what they can show.
func (s *Service) person(ctx context.Context, c Caller) (User, []Factor, int, error) {
	if c.Session.IsZero() || c.Actor.User.IsZero() {
		return User{}, nil, 0, hashyard.Denied.Errorf("a key has no second factor")
	}
	user, err := s.store.User(ctx, c.Actor, c.Actor.User)
	if err != nil {
		return User{}, nil, 0, err
	}
	factors, codes, err := s.store.Factors(ctx, user.ID)
	return user, factors, codes, err
}

// Factors lists the caller's factors, and how many recovery codes are left.
func (s *Service) Factors(ctx context.Context, c Caller) ([]Factor, int, error) {
	_, factors, codes, err := s.person(ctx, c)
	return factors, codes, err
}

// FactorKinds are the kinds of what the caller can show.
func (s *Service) FactorKinds(ctx context.Context, c Caller) ([]FactorKind, error) {
	factors, codes, err := s.store.Factors(ctx, c.Actor.User)
	kinds := []FactorKind{}
	for _, k := range []FactorKind{Passkey, TOTP} {
		if slices.ContainsFunc(factors, func(f Factor) bool { return f.Kind == k }) {
			kinds = append(kinds, k)
		}
	}
	if codes > 0 {
		kinds = append(kinds, Recovery)
	}
	return kinds, err
}

// Proof is one of the two: a code of an app or a recovery code, or a passkey's
// answer to the session's challenge.
type Proof struct {
	Code    string
	Passkey []byte
}

// ShowFactor takes the proof once and renews the session's token; the session
// is full from now on, and stepped up.
func (s *Service) ShowFactor(ctx context.Context, c Caller, p Proof, remote string) (token string, err error) {
	user, factors, _, err := s.person(ctx, c)
	if err != nil {
		return "", err
	}
	limits, err := s.admit(ctx, "factor", user.Email, network(remote))
	if err != nil {
		return "", err
	}
	token, r := s.renewal(c)
	switch {
	case len(p.Passkey) > 0:
		r.Kind = Passkey
		err = s.usePasskey(ctx, c, user, factors, p.Passkey, r)
	case isTOTP(p.Code):
		r.Kind = TOTP
		err = s.useTOTP(ctx, c.Actor, factors, p.Code, r)
	default:
		r.Kind = Recovery
		hash, ok := parseRecoveryCode(p.Code)
		if err = errFactor; ok {
			err = s.store.UseCode(ctx, c.Actor, hash, r)
		}
	}
	if errors.Is(err, hashyard.NotFound) || errors.Is(err, hashyard.Conflict) && !errors.Is(err, errCeremony) {
		err = errFactor // it was taken meanwhile
	}
	s.count(ctx, limits, err)
	if err != nil {
		s.log.InfoContext(ctx, "factor refused", "user_id", user.ID, "kind", r.Kind, "remote", remote)
		return "", err
	}
	return token, nil
}

// renewal is a new token for the session, which has a factor shown in it now.
func (s *Service) renewal(c Caller) (token string, r Renewal) {
	token, hash := newSecret()
	return token, Renewal{Session: c.Session, Token: hash, At: s.now(), First: c.ShownAt.IsZero()}
}

// Enrolment is what begins a new factor.
type Enrolment struct {
	Secret  string // of an app, to type
	URL     string // the same, for an app on this machine
	Picture string // the same, to scan
	Options any    // for a passkey
}

// Begin starts the enrolment of a factor in place of one under way. It asks for
// a factor shown lately; for the first one, for a password given lately.
func (s *Service) Begin(ctx context.Context, c Caller, kind FactorKind, password, remote string) (e Enrolment, err error) {
	user, factors, _, err := s.person(ctx, c)
	if err != nil {
		return e, err
	}
	if err := s.mayEnrol(ctx, c, user, factors, password, remote); err != nil {
		return e, err
	}
	if kind == Passkey {
		e.Options, err = s.beginPasskey(ctx, c, user, factors)
		return e, err
	}
	e.Secret = NewTOTPSecret()
	if e.URL, e.Picture, err = totpURL(e.Secret, user.Email); err != nil {
		return e, err
	}
	sealed, err := s.sealer.seal(user.ID, e.Secret)
	if err != nil {
		return e, err
	}
	return e, s.putCeremony(ctx, ceremonyOf(c, enrolling), sealed)
}

func (s *Service) mayEnrol(ctx context.Context, c Caller, user User, factors []Factor, password, remote string) error {
	switch {
	case c.Stage == Verify:
		return coded(hashyard.Denied.Errorf("show a passkey or a code first"), "factor_required")
	case len(factors) >= maxFactors:
		return hashyard.Conflict.Errorf("%d factors are enough; remove one first", len(factors))
	case len(factors) > 0 && !c.stepped(s.now()):
		return stepUpNeeded()
	case len(factors) > 0, s.now().Sub(c.Began) < StepUpFor:
		return nil
	case password == "":
		return coded(hashyard.Denied.Errorf("give your password: you signed in more than %d minutes ago", int(StepUpFor.Minutes())), "password_required")
	}
	return s.checkOwn(ctx, user, password, remote)
}

// Finish stores the factor whose enrolment was answered, counts it as shown and
// renews the session. With the first one come recovery codes, told once.
func (s *Service) Finish(ctx context.Context, c Caller, kind FactorKind, name string, p Proof, remote string) (f Factor, codes []string, token string, err error) {
	user, factors, _, err := s.person(ctx, c)
	if err != nil {
		return f, nil, "", err
	}
	if c.Stage == Verify {
		return f, nil, "", coded(hashyard.Denied.Errorf("show a passkey or a code first"), "factor_required")
	}
	if name, err = checkName(name); err != nil {
		return f, nil, "", err
	}
	limits, err := s.admit(ctx, "factor", user.Email, network(remote))
	if err != nil {
		return f, nil, "", err
	}
	f = Factor{ID: made(ctx), Kind: kind, Name: name, CreatedAt: s.now(), Org: user.Org, User: user.ID}
	if kind == Passkey {
		err = s.finishPasskey(ctx, c, user, factors, p.Passkey, &f)
	} else {
		err = s.finishTOTP(ctx, c, user, p.Code, &f)
	}
	s.count(ctx, limits, err)
	if err != nil {
		return f, nil, "", err
	}
	var hashes [][32]byte
	if len(factors) == 0 {
		codes, hashes = newRecoveryCodes()
	}
	token, r := s.renewal(c)
	r.Kind = kind
	if err := s.store.AddFactor(ctx, c.Actor, ceremonyOf(c, enrolling), f, hashes, r); err != nil {
		return f, nil, "", err
	}
	return f, codes, token, nil
}

// count keeps what a guess cost, and gives back what anything else did.
func (s *Service) count(ctx context.Context, limits []limit, err error) {
	if !errors.Is(err, hashyard.Denied) {
		s.giveBack(ctx, limits)
	}
}

// finishTOTP checks the first code, which is thereby used. A wrong one leaves
// the enrolment open: the secret stays as secret as it was.
func (s *Service) finishTOTP(ctx context.Context, c Caller, user User, code string, f *Factor) error {
	var sealed []byte
	if err := s.readCeremony(ctx, ceremonyOf(c, enrolling), &sealed); err != nil {
		return err
	}
	secret, err := s.sealer.open(user.ID, sealed)
	if err != nil {
		return err
	}
	step, ok, err := totpStep(secret, code, s.now())
	if err != nil {
		return err
	}
	if !ok {
		return errFactor
	}
	f.Sealed, f.LastStep = sealed, step
	return nil
}

// RemoveFactor removes one of the caller's factors, but never the last one of
// somebody who needs one.
func (s *Service) RemoveFactor(ctx context.Context, c Caller, id hashyard.ID) error {
	user, _, _, err := s.person(ctx, c)
	if err != nil {
		return err
	}
	return s.store.RemoveFactor(ctx, c.Actor, id, func(have int) error {
		if have <= 1 && NeedsFactor(user.Roles) {
			return hashyard.Conflict.Errorf("this is your last factor, and your role needs one: enrol another first")
		}
		return nil
	})
}

// NewRecoveryCodes replaces the caller's recovery codes by ten new ones, told
// once.
func (s *Service) NewRecoveryCodes(ctx context.Context, c Caller) ([]string, error) {
	user, factors, _, err := s.person(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(factors) == 0 {
		return nil, hashyard.Conflict.Errorf("recovery codes stand in for a factor: enrol one first")
	}
	codes, hashes := newRecoveryCodes()
	return codes, s.store.PutCodes(ctx, c.Actor, user.ID, hashes, s.now())
}

// ResetFactors is an owner's help for a member who lost every factor: the
// member's sessions end, and the next sign-in enrols anew where that is needed.
func (s *Service) ResetFactors(ctx context.Context, actor hashyard.Actor, user hashyard.ID) error {
	if actor.User == user {
		return hashyard.Conflict.Errorf("not your own: another owner resets yours")
	}
	return s.store.ResetFactors(ctx, actor, user)
}
