package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

type contextKey int

const (
	callerKey contextKey = iota
	requestKey
	commandKey
)

func callerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey).(Caller)
	return c
}

// CallerOf is who made this request, as far as a handler may know: by session
// or by key, and how well it is known.
func CallerOf(ctx context.Context) Caller { return callerOf(ctx) }

// SessionOf is the id of the session that made this request; zero for a key.
func SessionOf(ctx context.Context) hashyard.ID { return callerOf(ctx).Session }

// guard signs the caller in and asks Can, before any input is read.
func (api *API) guard(act Action) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		caller, err := api.authenticate(ctx)
		if err != nil {
			if kind, ok := hashyard.KindOf(err); ok && kind == hashyard.Unauthenticated {
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="hashyard"`)
				if over := api.flood.fromAddress(RemoteIP(ctx.Context()), badKeyCost); over != nil {
					err = over
				}
			}
			api.write(ctx, err)
			return
		}
		if info := infoOf(ctx.Context()); info != nil {
			info.actor = caller.Actor
		}
		if err := api.flood.fromCaller(caller.Actor); err != nil {
			api.write(ctx, err)
			return
		}
		if !Can(caller.Actor, act) {
			api.write(ctx, hashyard.Denied.Errorf("your roles do not allow %s", act))
			return
		}
		if err := api.held(caller, act, ctx.Method()); err != nil {
			api.write(ctx, err)
			return
		}
		if !hasTrait(ctx.Operation(), traitIdle) {
			leave, err := api.flood.busy.enter(ctx.Context(), caller.Actor.Org)
			if err != nil {
				api.write(ctx, err)
				return
			}
			defer leave()
		}
		caller.Actor = narrow(caller.Actor, act)
		next(huma.WithValue(ctx, callerKey, caller))
	}
}

// held is why a session that may do act has to show a factor first. Reading
// asks for none anew.
func (api *API) held(c Caller, act Action, method string) error {
	switch {
	case c.Stage == Verify && act != SessionOpen:
		return coded(hashyard.Denied.Errorf("show a passkey or a code first"), "factor_required")
	case c.Stage == Enrol && act != SessionOpen:
		return coded(hashyard.Denied.Errorf("your role needs a second factor: enrol one first"), "enrolment_required")
	case !StepUp(act) || method == http.MethodGet || method == http.MethodHead || c.stepped(api.now()):
		return nil
	case c.Session.IsZero():
		return coded(hashyard.Denied.Errorf("this API key is not elevated: make one that is, or sign in"), "elevation_required")
	}
	return stepUpNeeded()
}

// authenticate prefers a key: a program that sends one means it, whatever
// cookies its browser adds.
func (api *API) authenticate(ctx huma.Context) (Caller, error) {
	if api.cfg.Auth == nil {
		return Caller{}, hashyard.Unauthenticated.Errorf("nobody can sign in here")
	}
	if header := ctx.Header("Authorization"); header != "" {
		scheme, key, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Caller{}, hashyard.Unauthenticated.Errorf("authorization must be Bearer with an API key")
		}
		return api.cfg.Auth.ByKey(ctx.Context(), strings.TrimSpace(key))
	}
	cookie, err := huma.ReadCookie(ctx, cookieName(api.cfg.TLS))
	if err != nil {
		return Caller{}, hashyard.Unauthenticated.Errorf("sign in, or send an API key as Authorization: Bearer")
	}
	return api.cfg.Auth.BySession(ctx.Context(), cookie.Value)
}

// cookieName is bound to the host by its prefix where the connection is
// secure; browsers refuse the prefix elsewhere.
func cookieName(tls bool) string {
	if tls {
		return "__Host-hashyard"
	}
	return "hashyard"
}

// SessionToken is the token in the request's session cookie, or empty. A
// resolver of an input may use it; everyone else has the actor.
func SessionToken(ctx huma.Context) string { return cookieValue(ctx, cookieName) }

// cookieValue reads the one cookie whose name fits the connection: on a secure
// one a cookie without the prefix may be of a neighbour's making.
func cookieValue(ctx huma.Context, name func(tls bool) string) string {
	info := infoOf(ctx.Context())
	if c, err := huma.ReadCookie(ctx, name(info != nil && info.tls)); err == nil {
		return c.Value
	}
	return ""
}

// SessionCookie is the cookie that carries token for maxAge seconds; a
// negative age takes it away.
func (api *API) SessionCookie(token string, maxAge int) http.Cookie {
	return http.Cookie{
		Name: cookieName(api.cfg.TLS), Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: api.cfg.TLS,
	}
}

// ceremonyName is the cookie of a passkey sign-in under way.
func ceremonyName(tls bool) string { return cookieName(tls) + "-passkey" }

// CeremonyCookie binds a passkey sign-in to the browser that began it. An
// answer that somebody else was asked for signs nobody in.
func (api *API) CeremonyCookie(token string) http.Cookie {
	return http.Cookie{
		Name: ceremonyName(api.cfg.TLS), Value: token, Path: "/", MaxAge: int(ceremonyLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: api.cfg.TLS,
	}
}

// CeremonyToken is the token in that cookie, or empty.
func CeremonyToken(ctx huma.Context) string { return cookieValue(ctx, ceremonyName) }

// write sends err where no handler returned it.
func (api *API) write(ctx huma.Context, err error) {
	p, ok := api.fail(ctx.Context(), err).(*Problem)
	if !ok {
		p = problem(http.StatusInternalServerError, "internal error")
	}
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := huma.DefaultJSONFormat.Marshal(ctx.BodyWriter(), p); err != nil {
		api.log.DebugContext(ctx.Context(), "problem not sent", "request_id", p.RequestID, "err", err)
	}
}
