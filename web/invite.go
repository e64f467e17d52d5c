package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/web/notify"
)

// Invitation asks somebody to join an organisation. Its token is in the mail
// alone.
type Invitation struct {
	ID         hashyard.ID     `json:"id"`
	Org        hashyard.ID     `json:"org_id"`
	Email      string          `json:"email"`
	Roles      []hashyard.Role `json:"roles" nullable:"false"`
	InvitedBy  hashyard.ID     `json:"invited_by,omitzero"`
	CreatedAt  time.Time       `json:"created_at"`
	SentAt     time.Time       `json:"sent_at" doc:"When its last mail was written."`
	ExpiresAt  time.Time       `json:"expires_at"`
	Sends      int             `json:"sends"`
	AcceptedAt time.Time       `json:"accepted_at,omitzero"`
	RevokedAt  time.Time       `json:"revoked_at,omitzero"`
	State      InvitationState `json:"state" enum:"open,expired,accepted,revoked"`
}

// InvitationState is how an invitation stands.
type InvitationState string

// The states.
const (
	InvitationOpen     InvitationState = "open"
	InvitationExpired  InvitationState = "expired"
	InvitationAccepted InvitationState = "accepted"
	InvitationRevoked  InvitationState = "revoked"
)

// At is the invitation with its state at the instant now.
func (i Invitation) At(now time.Time) Invitation {
	switch {
	case !i.AcceptedAt.IsZero():
		i.State = InvitationAccepted
	case !i.RevokedAt.IsZero():
		i.State = InvitationRevoked
	case !now.Before(i.ExpiresAt):
		i.State = InvitationExpired
	default:
		i.State = InvitationOpen
	}
	return i
}

// InvitationLife is how long an invitation opens something.
const InvitationLife = 72 * time.Hour

// maxSends bounds the mails of one invitation, which go to somebody who never
// asked for any.
const maxSends = 5

// InvitationStore keeps invitations by the SHA-256 of their token.
type InvitationStore interface {
	// AddInvitation makes an invitation and queues its mail; an expired one to
	// the same address is revoked, an open one is a hashyard.Conflict, and so
	// is a member. One of this id is an earlier attempt's and is returned.
	AddInvitation(ctx context.Context, actor hashyard.Actor, i Invitation, token [32]byte, m notify.Sealed) (Invitation, error)
	Invitations(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]Invitation, error)
	Invitation(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Invitation, error)
	// ChangeInvitation applies change; with a mail it is queued and token
	// replaces the one before. A mail whose key is known changes nothing.
	ChangeInvitation(ctx context.Context, actor hashyard.Actor, id hashyard.ID, token [32]byte, m *notify.Sealed, change func(Invitation) (Invitation, error)) (Invitation, error)
	// FindInvitation finds one of any organisation by its token.
	FindInvitation(ctx context.Context, token [32]byte) (Invitation, error)
	// Join uses an invitation up and makes its user, in one transaction; u has
	// no e-mail, roles and organisation yet.
	Join(ctx context.Context, token [32]byte, u User, hash string) (User, error)
}

// Invite asks somebody to join the actor's organisation. Whether the address
// has an account elsewhere changes nothing here: only who holds the mail
// learns it.
func (s *Service) Invite(ctx context.Context, actor hashyard.Actor, email string, roles []hashyard.Role) (Invitation, error) {
	org, err := s.Org(ctx, actor.Org)
	if err != nil {
		return Invitation{}, fmt.Errorf("invite: %w", err)
	}
	if email, err = NormalEmail(email); err != nil {
		return Invitation{}, err
	}
	if roles, err = checkRoles(roles, org, false); err != nil {
		return Invitation{}, err
	}
	if err := s.tries.take(ctx, limit{"invitations of " + org.ID.String(), allowance{burst: 30, every: time.Minute}}); err != nil {
		return Invitation{}, err
	}
	now := s.now()
	i := Invitation{
		ID: made(ctx), Org: org.ID, Email: email, Roles: roles, InvitedBy: actor.User,
		CreatedAt: now, SentAt: now, ExpiresAt: now.Add(InvitationLife), Sends: 1,
	}
	token, hash := newSecret()
	m, err := s.inviting(i, org, token, "invitation "+i.ID.String()+" 1")
	if err != nil {
		return Invitation{}, err
	}
	i, err = s.store.AddInvitation(ctx, actor, i, hash, m)
	return i.At(now), err
}

func (s *Service) inviting(i Invitation, org Org, token, key string) (notify.Sealed, error) {
	name := notify.Line(org.Name)
	return s.post.write(
		notify.Mail{Org: org.ID, Key: key, To: i.Email, Subject: name + " invites you to hashyard", At: i.SentAt},
		fmt.Sprintf("%s asks you to join it at hashyard, where secondhand Bitcoin miners are traded, shipped and put to work.", name),
		"Accept, and choose your password, here:\n"+s.post.link("/join", token),
		"The link works once, until "+i.ExpiresAt.UTC().Format("2 Jan 2006 15:04")+" UTC. If you do not know "+name+", do nothing: without the link nothing happens.",
	)
}

// Invitations lists those of the actor's organisation, oldest first.
func (s *Service) Invitations(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]Invitation, error) {
	is, err := s.store.Invitations(ctx, actor, after, limit)
	now := s.now()
	for n := range is {
		is[n] = is[n].At(now)
	}
	return is, err
}

// ResendInvitation writes its mail again, with a new link; the old one is dead.
func (s *Service) ResendInvitation(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Invitation, error) {
	org, err := s.Org(ctx, actor.Org)
	if err != nil {
		return Invitation{}, fmt.Errorf("resend invitation: %w", err)
	}
	i, err := s.store.Invitation(ctx, actor, id)
	if err != nil {
		return Invitation{}, err
	}
	now := s.now()
	i.SentAt, i.ExpiresAt = now, now.Add(InvitationLife)
	token, hash := newSecret()
	m, err := s.inviting(i, org, token, "invitation "+id.String()+" again "+made(ctx).String())
	if err != nil {
		return Invitation{}, err
	}
	i, err = s.store.ChangeInvitation(ctx, actor, id, hash, &m, func(was Invitation) (Invitation, error) {
		switch st := was.At(now).State; {
		case st == InvitationAccepted || st == InvitationRevoked:
			return was, hashyard.Conflict.Errorf("the invitation of %s is %s", was.Email, st)
		case was.Sends >= maxSends:
			return was, hashyard.Conflict.Errorf("the invitation of %s was sent %d times; revoke it and make another", was.Email, was.Sends)
		case now.Sub(was.SentAt) < time.Minute:
			return was, hashyard.Exhausted.Errorf("the invitation of %s was sent less than a minute ago", was.Email)
		}
		was.SentAt, was.ExpiresAt, was.Sends = i.SentAt, i.ExpiresAt, was.Sends+1
		return was, nil
	})
	return i.At(now), err
}

// RevokeInvitation ends an invitation; a revoked one stays as it is.
func (s *Service) RevokeInvitation(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Invitation, error) {
	now := s.now()
	i, err := s.store.ChangeInvitation(ctx, actor, id, [32]byte{}, nil, func(was Invitation) (Invitation, error) {
		if !was.AcceptedAt.IsZero() {
			return was, hashyard.Conflict.Errorf("%s has accepted already; disable the member instead", was.Email)
		}
		if was.RevokedAt.IsZero() {
			was.RevokedAt = now
		}
		return was, nil
	})
	return i.At(now), err
}

// errInvitation is one answer for every link that opens nothing.
var errInvitation = hashyard.NotFound.Errorf("this invitation is unknown, used, revoked or older than 72 hours; ask for another")

// admitLink bounds the tries of links from one network; there is nothing to
// guess, but each try costs a question to the store.
func (s *Service) admitLink(ctx context.Context, remote string) error {
	return s.tries.take(ctx, limit{"links from " + network(remote), allowance{burst: 30, every: 2 * time.Second}})
}

// LookInvitation is what its mail's holder sees before accepting.
func (s *Service) LookInvitation(ctx context.Context, token, remote string) (Invitation, Org, error) {
	if err := s.admitLink(ctx, remote); err != nil {
		return Invitation{}, Org{}, err
	}
	hash, ok := hashSecret(token)
	if !ok {
		return Invitation{}, Org{}, errInvitation
	}
	i, err := s.store.FindInvitation(ctx, hash)
	if errors.Is(err, hashyard.NotFound) {
		return Invitation{}, Org{}, errInvitation
	}
	if err != nil {
		return Invitation{}, Org{}, fmt.Errorf("invitation: %w", err)
	}
	if i = i.At(s.now()); i.State != InvitationOpen {
		return Invitation{}, Org{}, errInvitation
	}
	org, err := s.Org(ctx, i.Org)
	return i, org, err
}

// Join accepts an invitation: it makes the user, with the password they chose.
// They sign in with it afterwards.
func (s *Service) Join(ctx context.Context, token, name, password, remote string) (User, error) {
	i, org, err := s.LookInvitation(ctx, token, remote)
	if err != nil {
		return User{}, err
	}
	if name, err = checkName(name); err != nil {
		return User{}, err
	}
	if err := checkPassword(password); err != nil {
		return User{}, err
	}
	// The organisation may have changed what it may give since.
	if _, err := checkRoles(slices.Clone(i.Roles), org, false); err != nil {
		return User{}, err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return User{}, fmt.Errorf("join: %w", err)
	}
	sum, _ := hashSecret(token)
	u, err := s.store.Join(ctx, sum, User{ID: hashyard.NewID(), Name: name, Version: 1, CreatedAt: s.now()}, hash)
	if errors.Is(err, hashyard.NotFound) {
		return User{}, errInvitation
	}
	return u, err
}
