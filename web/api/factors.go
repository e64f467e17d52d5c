package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

func (h *handlers) factors() {
	tags := []string{"identity"}
	web.Handle(h.api, huma.Operation{
		OperationID: "show-factor", Method: http.MethodPut, Path: "/api/v1/session/factor", Tags: tags,
		Summary: "Show a second factor in this session: a code, or a passkey's answer to the challenge; renews the session cookie", MaxBodyBytes: 64 << 10,
	}, web.SessionOpen, h.showFactor)
	web.Handle(h.api, huma.Operation{
		OperationID: "challenge-passkey", Method: http.MethodPut, Path: "/api/v1/session/challenge", Tags: tags,
		Summary: "Ask for one of your passkeys: what navigator.credentials.get wants, for five minutes",
	}, web.SessionOpen, h.challenge)
	web.Handle(h.api, huma.Operation{
		OperationID: "begin-factor", Method: http.MethodPut, Path: "/api/v1/me/enrolment", Tags: tags,
		Summary: "Begin to enrol a second factor, in place of an enrolment under way; it waits five minutes", MaxBodyBytes: 16 << 10,
	}, web.SessionOpen, h.beginFactor)
	web.Handle(h.api, huma.Operation{
		OperationID: "add-factor", Method: http.MethodPost, Path: "/api/v1/me/factors", Tags: tags,
		Summary: "Finish enrolling; renews the session cookie, and with the first factor tells ten recovery codes once", DefaultStatus: http.StatusCreated, MaxBodyBytes: 64 << 10,
	}, web.SessionOpen, h.addFactor)
	web.Handle(h.api, huma.Operation{
		OperationID: "list-factors", Method: http.MethodGet, Path: "/api/v1/me/factors", Tags: tags,
		Summary: "Your second factors",
	}, web.SessionRead, h.listFactors)
	web.Handle(h.api, huma.Operation{
		OperationID: "remove-factor", Method: http.MethodDelete, Path: "/api/v1/me/factors/{id}", Tags: tags,
		Summary: "Remove a second factor, but not the last one of a role that needs one",
	}, web.AccountWrite, h.removeFactor)
	web.Handle(h.api, huma.Operation{
		OperationID: "new-recovery-codes", Method: http.MethodPost, Path: "/api/v1/me/recovery-codes", Tags: tags,
		Summary: "Replace your recovery codes by ten new ones, told once", DefaultStatus: http.StatusCreated,
	}, web.AccountWrite, h.newCodes)
	web.Handle(h.api, huma.Operation{
		OperationID: "reset-factors", Method: http.MethodDelete, Path: "/api/v1/users/{id}/factors", Tags: tags,
		Summary: "Remove all second factors of a member who lost them, and end their sessions",
	}, web.UsersWrite, h.resetFactors)
	web.Public(h.api, huma.Operation{
		OperationID: "begin-passkey-sign-in", Method: http.MethodPut, Path: "/api/v1/session/passkey", Tags: tags,
		Summary: "Begin to sign in with a passkey alone: what navigator.credentials.get wants, for five minutes; sets a cookie that the answer needs",
	}, h.beginPasskey)
	web.Public(h.api, huma.Operation{
		OperationID: "passkey-sign-in", Method: http.MethodPost, Path: "/api/v1/session/passkey", Tags: tags,
		Summary: "Sign in with a passkey's answer; sets the session cookie", MaxBodyBytes: 64 << 10,
	}, h.passkeySignIn)
}

// Credential is a passkey's answer, as PublicKeyCredential.toJSON writes it.
type Credential json.RawMessage

// Schema says that it is an object; the library reads it.
func (Credential) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "PublicKeyCredential.toJSON()"}
}

// UnmarshalJSON keeps the text.
func (c *Credential) UnmarshalJSON(b []byte) error {
	return (*json.RawMessage)(c).UnmarshalJSON(b)
}

// MarshalJSON writes it as it came.
func (c Credential) MarshalJSON() ([]byte, error) { return json.RawMessage(c).MarshalJSON() }

type proofIn struct {
	Body struct {
		Code    string     `json:"code,omitempty" maxLength:"64" doc:"Six digits of an app, or a recovery code."`
		Passkey Credential `json:"passkey,omitempty"`
	}
}

type renewedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (h *handlers) showFactor(ctx context.Context, actor hashyard.Actor, in *proofIn) (*renewedOut, error) {
	token, err := h.svc.ShowFactor(ctx, web.CallerOf(ctx), web.Proof{Code: in.Body.Code, Passkey: in.Body.Passkey}, web.RemoteIP(ctx))
	if err != nil {
		return nil, err
	}
	return h.renewed(ctx, token)
}

// renewed is who the new token makes the browser.
func (h *handlers) renewed(ctx context.Context, token string) (*renewedOut, error) {
	c, err := h.svc.BySession(ctx, token)
	if err != nil {
		return nil, err
	}
	me, err := h.meBy(ctx, c)
	if err != nil {
		return nil, err
	}
	return &renewedOut{SetCookie: h.api.SessionCookie(token, int(web.SessionLife.Seconds())), Body: *me}, nil
}

// PasskeyOptions is what the browser's credentials API is called with.
type PasskeyOptions struct {
	PublicKey any `json:"publicKey" doc:"For PublicKeyCredential.parseRequestOptionsFromJSON, or parseCreationOptionsFromJSON."`
}

func (h *handlers) challenge(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*PasskeyOptions, error) {
	options, err := h.svc.PasskeyChallenge(ctx, web.CallerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &PasskeyOptions{options}, nil
}

type enrolmentIn struct {
	Kind     web.FactorKind `json:"kind" enum:"totp,passkey"`
	Password string         `json:"password,omitempty" maxLength:"512" format:"password" doc:"For a first factor, when the sign-in was long ago."`
}

// Enrolment is what a new factor begins with.
type Enrolment struct {
	Secret    string `json:"secret,omitempty" doc:"For an authenticator app, to type."`
	URL       string `json:"url,omitempty" doc:"The same as an otpauth:// address."`
	Picture   string `json:"picture,omitempty" doc:"The same as a QR code, a data: address of a PNG."`
	PublicKey any    `json:"publicKey,omitempty" doc:"For PublicKeyCredential.parseCreationOptionsFromJSON."`
}

func (h *handlers) beginFactor(ctx context.Context, _ hashyard.Actor, in *enrolmentIn) (*Enrolment, error) {
	e, err := h.svc.Begin(ctx, web.CallerOf(ctx), in.Kind, in.Password, web.RemoteIP(ctx))
	if err != nil {
		return nil, err
	}
	return &Enrolment{Secret: e.Secret, URL: e.URL, Picture: e.Picture, PublicKey: e.Options}, nil
}

type addFactorIn struct {
	Body struct {
		Kind    web.FactorKind `json:"kind" enum:"totp,passkey"`
		Name    string         `json:"name" maxLength:"120" doc:"What you call it: the phone, the blue key."`
		Code    string         `json:"code,omitempty" maxLength:"6" doc:"The app's first code."`
		Passkey Credential     `json:"passkey,omitempty"`
	}
}

// NewFactor is a factor with the codes that stand in for it.
type NewFactor struct {
	Factor web.Factor `json:"factor"`
	Codes  []string   `json:"recovery_codes,omitempty" doc:"With the first factor; told once. Each works once, in place of a factor."`
}

// Redacted keeps the codes out of the stored answer.
func (n *NewFactor) Redacted() any { return NewFactor{Factor: n.Factor} }

type addFactorOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      NewFactor
}

// Redacted keeps the codes out of the stored answer.
func (o *addFactorOut) Redacted() any { return o.Body.Redacted() }

func (h *handlers) addFactor(ctx context.Context, _ hashyard.Actor, in *addFactorIn) (*addFactorOut, error) {
	f, codes, token, err := h.svc.Finish(ctx, web.CallerOf(ctx), in.Body.Kind, in.Body.Name,
		web.Proof{Code: in.Body.Code, Passkey: in.Body.Passkey}, web.RemoteIP(ctx))
	if err != nil {
		return nil, err
	}
	return &addFactorOut{SetCookie: h.api.SessionCookie(token, int(web.SessionLife.Seconds())), Body: NewFactor{f, codes}}, nil
}

// Factors are the caller's factors; there are few, so there is one page.
type Factors struct {
	Items    []web.Factor `json:"items" nullable:"false"`
	Codes    int          `json:"recovery_codes" doc:"How many unused ones are left."`
	Required bool         `json:"required" doc:"Your role needs a factor: the last one stays."`
}

func (h *handlers) listFactors(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Factors, error) {
	list, codes, err := h.svc.Factors(ctx, web.CallerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &Factors{Items: append([]web.Factor{}, list...), Codes: codes, Required: web.NeedsFactor(actor.Roles)}, nil
}

func (h *handlers) removeFactor(ctx context.Context, _ hashyard.Actor, in *idIn) (*struct{}, error) {
	return nil, h.svc.RemoveFactor(ctx, web.CallerOf(ctx), in.ID)
}

// Codes are new recovery codes.
type Codes struct {
	Codes []string `json:"recovery_codes,omitempty" doc:"Told once. Each works once, in place of a factor."`
}

// Redacted keeps the codes out of the stored answer.
func (c *Codes) Redacted() any { return Codes{} }

func (h *handlers) newCodes(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*Codes, error) {
	codes, err := h.svc.NewRecoveryCodes(ctx, web.CallerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &Codes{codes}, nil
}

func (h *handlers) resetFactors(ctx context.Context, actor hashyard.Actor, in *idIn) (*struct{}, error) {
	return nil, h.svc.ResetFactors(ctx, actor, in.ID)
}

type ceremonyOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      PasskeyOptions
}

func (h *handlers) beginPasskey(ctx context.Context, _ *struct{}) (*ceremonyOut, error) {
	options, token, err := h.svc.PasskeySignIn(ctx, web.RemoteIP(ctx))
	if err != nil {
		return nil, err
	}
	return &ceremonyOut{SetCookie: h.api.CeremonyCookie(token), Body: PasskeyOptions{options}}, nil
}

type passkeySignInIn struct {
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Passkey Credential `json:"passkey"`
	}

	token, ceremony string
}

// Resolve reads the cookies, whose names depend on the connection.
func (in *passkeySignInIn) Resolve(ctx huma.Context) []error {
	in.token, in.ceremony = web.SessionToken(ctx), web.CeremonyToken(ctx)
	return nil
}

func (h *handlers) passkeySignIn(ctx context.Context, in *passkeySignInIn) (*signInOut, error) {
	s, err := h.svc.SignInByPasskey(ctx, in.ceremony, in.Body.Passkey, web.RemoteIP(ctx), in.UserAgent, in.token)
	if err != nil {
		return nil, err
	}
	return h.signedIn(ctx, s)
}
