package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

// joining adds the routes of invitations and of lost passwords.
func (h *handlers) joining() {
	tags := []string{"identity"}
	web.Handle(h.api, huma.Operation{
		OperationID: "list-invitations", Method: http.MethodGet, Path: "/api/v1/invitations", Tags: tags,
		Summary: "The invitations of your organisation, also accepted and revoked ones",
	}, web.UsersRead, h.listInvitations)
	web.Handle(h.api, huma.Operation{
		OperationID: "invite", Method: http.MethodPost, Path: "/api/v1/invitations", Tags: tags,
		Summary: "Invite somebody by mail; the link works once, for 72 hours", DefaultStatus: http.StatusCreated,
	}, web.UsersWrite, h.invite)
	web.Handle(h.api, huma.Operation{
		OperationID: "resend-invitation", Method: http.MethodPost, Path: "/api/v1/invitations/{id}/resend", Tags: tags,
		Summary: "Write an invitation's mail again, with a new link", DefaultStatus: http.StatusOK,
	}, web.UsersWrite, h.resendInvitation)
	web.Handle(h.api, huma.Operation{
		OperationID: "revoke-invitation", Method: http.MethodDelete, Path: "/api/v1/invitations/{id}", Tags: tags,
		Summary: "Revoke an invitation", DefaultStatus: http.StatusOK,
	}, web.UsersWrite, h.revokeInvitation)
	// Whoever holds a link has no account yet, or has lost its password.
	web.Public(h.api, huma.Operation{
		OperationID: "look-invitation", Method: http.MethodPost, Path: "/api/v1/join/look", Tags: tags,
		Summary: "What the link of an invitation opens", DefaultStatus: http.StatusOK, MaxBodyBytes: 16 << 10,
	}, h.lookInvitation)
	web.Public(h.api, huma.Operation{
		OperationID: "join", Method: http.MethodPost, Path: "/api/v1/join", Tags: tags,
		Summary: "Accept an invitation: choose name and password, then sign in", DefaultStatus: http.StatusCreated, MaxBodyBytes: 16 << 10,
	}, h.join)
	web.Public(h.api, huma.Operation{
		OperationID: "ask-password-reset", Method: http.MethodPost, Path: "/api/v1/password-reset", Tags: tags,
		Summary: "Have a link mailed that sets a new password; the answer is the same for every address", DefaultStatus: http.StatusAccepted, MaxBodyBytes: 16 << 10,
	}, h.askReset)
	web.Public(h.api, huma.Operation{
		OperationID: "use-password-reset", Method: http.MethodPost, Path: "/api/v1/password-reset/use", Tags: tags,
		Summary: "Set a new password by the link of a mail; all sessions end", DefaultStatus: http.StatusNoContent, MaxBodyBytes: 16 << 10,
	}, h.useReset)
}

func (h *handlers) listInvitations(ctx context.Context, actor hashyard.Actor, in *List) (*web.Page[web.Invitation], error) {
	is, err := h.svc.Invitations(ctx, actor, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(is, in.Limit, func(i web.Invitation) hashyard.ID { return i.ID }), nil
}

type inviteIn struct {
	Email string          `json:"email" maxLength:"254"`
	Roles []hashyard.Role `json:"roles" minItems:"1" maxItems:"8" nullable:"false"`
}

func (h *handlers) invite(ctx context.Context, actor hashyard.Actor, in *inviteIn) (*web.Invitation, error) {
	i, err := h.svc.Invite(ctx, actor, in.Email, in.Roles)
	if err != nil {
		return nil, err
	}
	return &i, nil
}

type invitationIn struct {
	ID hashyard.ID `path:"id"`
}

func (h *handlers) resendInvitation(ctx context.Context, actor hashyard.Actor, in *invitationIn) (*web.Invitation, error) {
	i, err := h.svc.ResendInvitation(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &i, nil
}

func (h *handlers) revokeInvitation(ctx context.Context, actor hashyard.Actor, in *invitationIn) (*web.Invitation, error) {
	i, err := h.svc.RevokeInvitation(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &i, nil
}

type linkIn struct {
	Token string `json:"token" maxLength:"64" doc:"What stands behind the # of the mailed link."`
}

// Offer is what an invitation's link opens.
type Offer struct {
	Org       string          `json:"org" doc:"Name of the organisation."`
	Email     string          `json:"email"`
	Roles     []hashyard.Role `json:"roles" nullable:"false"`
	ExpiresAt time.Time       `json:"expires_at"`
}

func (h *handlers) lookInvitation(ctx context.Context, in *struct{ Body linkIn }) (*struct{ Body Offer }, error) {
	i, org, err := h.svc.LookInvitation(ctx, in.Body.Token, web.RemoteIP(ctx))
	if err != nil {
		return nil, err
	}
	return &struct{ Body Offer }{Offer{Org: org.Name, Email: i.Email, Roles: i.Roles, ExpiresAt: i.ExpiresAt}}, nil
}

// Acceptance is who accepts an invitation.
type Acceptance struct {
	Token    string `json:"token" maxLength:"64" doc:"What stands behind the # of the mailed link."`
	Name     string `json:"name" maxLength:"120"`
	Password string `json:"password" maxLength:"512" format:"password" doc:"At least 12 characters."`
}

// Joined is the account that was made.
type Joined struct {
	Email string `json:"email"`
}

func (h *handlers) join(ctx context.Context, in *struct{ Body Acceptance }) (*struct{ Body Joined }, error) {
	u, err := h.svc.Join(ctx, in.Body.Token, in.Body.Name, in.Body.Password, web.RemoteIP(ctx))
	if err != nil {
		return nil, err
	}
	return &struct{ Body Joined }{Joined{Email: u.Email}}, nil
}

// ResetAsk names the account whose password is lost.
type ResetAsk struct {
	Email string `json:"email" maxLength:"254"`
}

func (h *handlers) askReset(ctx context.Context, in *struct{ Body ResetAsk }) (*struct{}, error) {
	return nil, h.svc.AskReset(ctx, in.Body.Email, web.RemoteIP(ctx))
}

// ResetUse is a link with the new password.
type ResetUse struct {
	Token    string `json:"token" maxLength:"64" doc:"What stands behind the # of the mailed link."`
	Password string `json:"password" maxLength:"512" format:"password" doc:"At least 12 characters."`
}

func (h *handlers) useReset(ctx context.Context, in *struct{ Body ResetUse }) (*struct{}, error) {
	return nil, h.svc.ResetPassword(ctx, in.Body.Token, in.Body.Password, web.RemoteIP(ctx))
}
