package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/web/notify"
)

// EvResetAsked: somebody who may be anybody asked to reset the password of an
// e-mail. Looking whether there is such an account is left to its handler, so
// that the asking takes the same time and leaves the same traces for all.
const EvResetAsked hashyard.EventKind = "password.reset-asked"

// ResetAsked is its payload.
type ResetAsked struct {
	Email  string
	Remote string
}

// ResetLife is how long the link in the mail works.
const ResetLife = 30 * time.Minute

// Reset is a link that sets a new password, once.
type Reset struct {
	ID, Org, User hashyard.ID
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

// ResetStore keeps lost passwords.
type ResetStore interface {
	// AskReset appends the event.
	AskReset(ctx context.Context, ev hashyard.Event) error
	// OpenReset stores the link and queues its mail, once an event; links of
	// the same user from before are dead.
	OpenReset(ctx context.Context, event hashyard.ID, r Reset, token [32]byte, m notify.Sealed) error
	// UseReset uses a link up at the instant now: it sets the password, ends
	// every session of the user and queues the mail that note writes to them.
	UseReset(ctx context.Context, token [32]byte, now time.Time, hash string, note func(User) (notify.Sealed, error)) (User, error)
}

// AskReset takes the wish of somebody at remote to reset the password of an
// e-mail. The answer is the same for every e-mail, known or not.
func (s *Service) AskReset(ctx context.Context, email, remote string) error {
	email, err := NormalEmail(email)
	if err != nil {
		return err
	}
	if s.post == nil {
		return hashyard.Unavailable.Errorf("this server sends no mail; ask an owner of your organisation")
	}
	if err := s.tries.take(ctx, limit{"resets from " + network(remote), allowance{burst: 10, every: time.Minute}}); err != nil {
		return err
	}
	// Nobody's mailbox is filled by asking from many networks. The answer
	// stays the same: that somebody else asked is nobody's business.
	if s.tries.take(ctx, limit{"resets of " + email, allowance{burst: 3, every: 20 * time.Minute}}) != nil {
		s.log.InfoContext(ctx, "password reset not written: asked too often", "remote", remote)
		return nil
	}
	ev, err := hashyard.NewEvent(EvResetAsked, hashyard.Ref{Kind: "reset"}, s.now(), ResetAsked{Email: email, Remote: remote})
	if err != nil {
		return err
	}
	if err := s.store.AskReset(ctx, ev); err != nil {
		return fmt.Errorf("ask for a reset: %w", err)
	}
	return nil
}

// OnResetAsked writes the mail, if there is an account.
func (s *Service) OnResetAsked(ctx context.Context, ev hashyard.Event) error {
	var asked ResetAsked
	if err := ev.Read(&asked); err != nil {
		return err
	}
	user, _, err := s.store.UserByEmail(ctx, asked.Email)
	if errors.Is(err, hashyard.NotFound) || err == nil && user.Disabled {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.now()
	if now.Sub(ev.At) > ResetLife {
		return nil // nobody waits for it any more
	}
	r := Reset{ID: ev.ID, Org: user.Org, User: user.ID, CreatedAt: now, ExpiresAt: now.Add(ResetLife)}
	token, hash := newSecret()
	m, err := s.post.write(
		notify.Mail{Org: user.Org, Key: "reset " + ev.ID.String(), To: user.Email, Subject: "Reset your hashyard password", At: now},
		"Somebody, at "+notify.Line(asked.Remote)+", asked to reset the password of this address at hashyard.",
		"If it was you, choose a new one here:\n"+s.post.link("/reset", token),
		"The link works once, until "+r.ExpiresAt.UTC().Format("2 Jan 2006 15:04")+" UTC. It ends all your sessions, and you still need your passkey or code to sign in. If it was not you, do nothing: your password stays as it is.",
	)
	if err != nil {
		return err
	}
	return s.store.OpenReset(ctx, ev.ID, r, hash, m)
}

var errReset = hashyard.NotFound.Errorf("this link is unknown, used, replaced by a newer one or older than 30 minutes; ask for another")

// ResetPassword sets a new password by the link of a mail and ends all of the
// user's sessions. It signs nobody in: a second factor is asked as ever.
func (s *Service) ResetPassword(ctx context.Context, token, password, remote string) error {
	if err := s.admitLink(ctx, remote); err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	sum, ok := hashSecret(token)
	if !ok {
		return errReset
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("reset password: %w", err)
	}
	now := s.now()
	_, err = s.store.UseReset(ctx, sum, now, hash, func(u User) (notify.Sealed, error) {
		return s.post.write(
			notify.Mail{Org: u.Org, Key: "reset used " + hashyard.NewID().String(), To: u.Email, Subject: "Your hashyard password was changed", At: now},
			"Your password was changed by a link of a mail, from "+notify.Line(remote)+", and all your sessions were ended.",
			"If it was not you, tell an owner of your organisation at once.",
		)
	})
	if errors.Is(err, hashyard.NotFound) {
		return errReset
	}
	return err
}
