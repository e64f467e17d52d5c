package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

func (h *handlers) session() {
	web.Public(h.api, huma.Operation{
		OperationID: "sign-in", Method: http.MethodPost, Path: "/api/v1/session", Tags: []string{"identity"},
		Summary: "Sign in with e-mail and password; sets the session cookie", MaxBodyBytes: 16 << 10,
	}, h.signIn)
	web.Handle(h.api, huma.Operation{
		OperationID: "sign-out", Method: http.MethodDelete, Path: "/api/v1/session", Tags: []string{"identity"},
		Summary: "End this session",
	}, web.SessionOpen, h.signOut)
	web.Handle(h.api, huma.Operation{
		OperationID: "get-me", Method: http.MethodGet, Path: "/api/v1/me", Tags: []string{"identity"},
		Summary: "Who you are here, and what you may do",
	}, web.SessionOpen, h.me)
	web.Handle(h.api, huma.Operation{
		OperationID: "change-password", Method: http.MethodPut, Path: "/api/v1/me/password", Tags: []string{"identity"},
		Summary: "Change your password and end your other sessions", MaxBodyBytes: 16 << 10,
	}, web.SessionRead, h.changePassword)
}

// Me is the caller.
type Me struct {
	User     MeUser          `json:"user"`
	Org      web.Org         `json:"org"`
	Roles    []hashyard.Role `json:"roles" nullable:"false"`
	Can      []web.Action    `json:"can" nullable:"false" doc:"The actions that your roles allow."`
	TestMode bool            `json:"test_mode" doc:"Money and machines are simulated."`
	Network  Network         `json:"network"`
	Session  MeSession       `json:"session"`
}

// MeSession is how far this session has come. What is not full may show or
// enrol a factor and end, nothing else.
type MeSession struct {
	Stage   string           `json:"stage" enum:"full,verify,enrol" doc:"verify: show a factor; enrol: your role needs one first."`
	Factors []web.FactorKind `json:"factors" nullable:"false" doc:"What you can show."`
	// PasskeyOrigin is empty where there are none.
	PasskeyOrigin string    `json:"passkey_origin,omitempty" doc:"Where passkeys work; at another address of this server they do not."`
	StepUpUntil   time.Time `json:"step_up_until,omitzero" doc:"Until when commands that ask for a factor ask for none."`
}

// MeUser is the person, or the key by its id and name.
type MeUser struct {
	ID    hashyard.ID `json:"id"`
	Name  string      `json:"name"`
	Email string      `json:"email,omitempty"`
}

type signInIn struct {
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"512" format:"password"`
	}

	token string // of the session the browser had before
}

// Resolve reads the cookie, whose name depends on the connection.
func (in *signInIn) Resolve(ctx huma.Context) []error {
	in.token = web.SessionToken(ctx)
	return nil
}

type signInOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (h *handlers) signIn(ctx context.Context, in *signInIn) (*signInOut, error) {
	s, err := h.svc.SignIn(ctx, in.Body.Email, in.Body.Password, web.RemoteIP(ctx), in.UserAgent, in.token)
	if err != nil {
		return nil, err
	}
	return h.signedIn(ctx, s)
}

func (h *handlers) signedIn(ctx context.Context, s web.SignedIn) (*signInOut, error) {
	out, err := h.renewed(ctx, s.Token)
	if err != nil {
		return nil, err
	}
	return &signInOut{SetCookie: out.SetCookie, Body: out.Body}, nil
}

type signOutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (h *handlers) signOut(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*signOutOut, error) {
	if err := h.svc.SignOut(ctx, actor, web.SessionOf(ctx)); err != nil {
		return nil, err
	}
	return &signOutOut{SetCookie: h.api.SessionCookie("", -1)}, nil
}

func (h *handlers) me(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*Me, error) {
	return h.meBy(ctx, web.CallerOf(ctx))
}

func (h *handlers) meBy(ctx context.Context, c web.Caller) (*Me, error) {
	user, org, err := h.svc.Me(ctx, c.Actor)
	if err != nil {
		return nil, err
	}
	can := []web.Action{}
	for _, act := range web.Actions() {
		if web.Can(c.Actor, act) {
			can = append(can, act)
		}
	}
	session := MeSession{Stage: "full", Factors: []web.FactorKind{}, PasskeyOrigin: h.svc.PasskeyOrigin()}
	if c.Stage != web.Full {
		session.Stage = string(c.Stage)
	}
	if !c.ShownAt.IsZero() {
		session.StepUpUntil = c.ShownAt.Add(web.StepUpFor)
	}
	if !c.Session.IsZero() {
		if session.Factors, err = h.svc.FactorKinds(ctx, c); err != nil {
			return nil, err
		}
	}
	return &Me{
		User: MeUser{ID: user.ID, Name: user.Name, Email: user.Email}, Org: org, Roles: c.Actor.Roles, Can: can,
		TestMode: h.cfg.TestMode, Network: h.cfg.Network, Session: session,
	}, nil
}

type passwordIn struct {
	Current string `json:"current" maxLength:"512" format:"password"`
	New     string `json:"new" maxLength:"512" format:"password" doc:"At least 12 characters."`
}

func (h *handlers) changePassword(ctx context.Context, actor hashyard.Actor, in *passwordIn) (*struct{}, error) {
	return nil, h.svc.ChangePassword(ctx, actor, web.SessionOf(ctx), in.Current, in.New, web.RemoteIP(ctx))
}
