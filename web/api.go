package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"hashyard"
)

// maxBody bounds every request body that does not say otherwise.
const maxBody = 1 << 20

// Config is what an API needs. All of it may be empty: then nobody can sign
// in, which is enough to describe the API.
type Config struct {
	Auth    Authenticator
	Keeper  Keeper
	Log     *slog.Logger
	Now     func() time.Time
	Version string
	// TLS says that callers reach the server by https: cookies are Secure and
	// host-bound, and browsers are told to stay on https.
	TLS bool
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Static answers what is not the API; see Static.
	Static http.Handler
	// BodyTimeout is how long a request body may take to arrive; zero means
	// 30 seconds.
	BodyTimeout time.Duration
	// Limits keep one caller's flood from being everybody's.
	Limits Limits
	// Health answers /readyz; without it the server is always ready.
	Health *Health
	// Observe is told of every request that was answered; nil is nobody.
	Observe func(ctx context.Context, e Exchange)
}

// Exchange is one answered request, in words that do not grow with traffic.
type Exchange struct {
	Method string
	Route  string // the pattern, as /api/v1/orders/:id; empty when none matched
	Status int
	Took   time.Duration
	Gone   bool // the caller left before the answer was complete
}

// Authenticator finds who calls. It answers hashyard.Unauthenticated for
// anything unknown, expired or revoked.
type Authenticator interface {
	BySession(ctx context.Context, token string) (Caller, error)
	ByKey(ctx context.Context, key string) (Caller, error)
}

// Caller is who was found.
type Caller struct {
	Actor   hashyard.Actor
	Session hashyard.ID // zero for a key
	Stage   Stage       // what is not Full may only become it
	// ShownAt is when a factor was last shown in the session, Began when the
	// session did.
	ShownAt, Began time.Time
	// Elevated is a key that may do what asks a person for a factor.
	Elevated bool
}

// clockSkew is how far processes' clocks may be apart.
const clockSkew = time.Minute

// stepped reports whether the caller may do what asks for a factor anew. One
// that was shown in the future, before the clock went back, is not fresh.
func (c Caller) stepped(now time.Time) bool {
	if c.Session.IsZero() {
		return c.Elevated
	}
	age := now.Sub(c.ShownAt)
	return !c.ShownAt.IsZero() && age > -clockSkew && age < StepUpFor
}

// Route is one registered operation, for tests and the documentation.
type Route struct {
	ID, Method, Path string
	Action           Action // empty when Public
	Public           bool
}

// API is the HTTP interface all domains register with.
type API struct {
	cfg    Config
	log    *slog.Logger
	now    func() time.Time
	gin    *gin.Engine
	huma   huma.API
	routes []Route
	flood  *flood
	local  bool // answer loopback names only; set before serving

	docOnce sync.Once // guards doc and docErr
	doc     []byte
	docErr  error
}

// New makes an API with the routes of the edge itself: /livez, /readyz and
// /openapi.json.
func New(cfg Config) *API {
	gin.SetMode(gin.ReleaseMode)
	api := &API{cfg: cfg, log: cfg.Log, now: cfg.Now, gin: gin.New()}
	if api.log == nil {
		api.log = slog.New(slog.DiscardHandler)
	}
	if api.now == nil {
		api.now = time.Now
	}
	if api.cfg.BodyTimeout <= 0 {
		api.cfg.BodyTimeout = 30 * time.Second
	}
	api.flood = newFlood(cfg.Limits, api.now)
	version := cfg.Version
	if version == "" {
		version = "0"
	}
	hc := huma.DefaultConfig("hashyard", version)
	hc.Components.Schemas = schemas()
	hc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "An API key, hy_<id>.<secret>."},
		"session": {Type: "apiKey", In: "cookie", Name: cookieName(cfg.TLS), Description: "Set by POST /api/v1/session."},
	}
	// The document and viewer routes of huma fetch from foreign hosts or build
	// lazily without a lock; this package serves the document itself.
	hc.OpenAPIPath, hc.DocsPath, hc.SchemasPath = "", "", ""
	hc.CreateHooks = nil
	hc.Transformers = []huma.Transformer{plain}
	api.gin.Use(func(c *gin.Context) {
		if info := infoOf(c.Request.Context()); info != nil {
			info.route = c.FullPath()
		}
	})
	api.huma = humagin.New(api.gin, hc)
	api.edgeRoutes()
	return api
}

// Handle registers a route that needs a signed-in caller who may do act. A
// POST also needs an Idempotency-Key, and its answer is kept under it, unless
// the route only Asks.
//
// I and O are huma inputs and outputs, or plain structs that are the body.
func Handle[I, O any](api *API, op huma.Operation, act Action, fn func(ctx context.Context, actor hashyard.Actor, in *I) (*O, error)) {
	if !slices.Contains(Actions(), act) {
		panic(fmt.Sprintf("%s %s: unknown action %q", op.Method, op.Path, act))
	}
	op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
	op.Extensions = map[string]any{"x-action": string(act)}
	before := huma.Middlewares{api.guard(act)}
	if op.Method == http.MethodPost {
		before = append(before, api.idempotent(op.MaxBodyBytes, hasTrait(&op, traitAsks)))
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: idempotencyHeader, In: "header", Required: true,
			Description: "Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed.",
			Schema:      &huma.Schema{Type: "string"},
		})
	}
	op.Middlewares = append(before, op.Middlewares...)
	api.add(&op, act)
	register(api.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, callerOf(ctx).Actor, in)
		if err != nil {
			return nil, api.fail(ctx, err)
		}
		if r, ok := any(out).(Redacter); ok && out != nil {
			keepInstead(ctx, r.Redacted())
		}
		return out, nil
	})
}

// Public registers a route that anyone may call: signing in, webhooks that
// prove themselves, what is public.
func Public[I, O any](api *API, op huma.Operation, fn func(ctx context.Context, in *I) (*O, error)) {
	op.Security = []map[string][]string{}
	api.add(&op, "")
	register(api.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, api.fail(ctx, err)
		}
		return out, nil
	})
}

func (api *API) add(op *huma.Operation, act Action) {
	if op.OperationID == "" || op.Method == "" || !strings.HasPrefix(op.Path, "/api/v1/") {
		panic(fmt.Sprintf("operation %q %s %s: needs an id, a method and a path under /api/v1/", op.OperationID, op.Method, op.Path))
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody // huma itself bounds parsed bodies only, not raw ones
	}
	op.Middlewares = append(huma.Middlewares{keepDeadline}, op.Middlewares...)
	api.routes = append(api.routes, Route{ID: op.OperationID, Method: op.Method, Path: op.Path, Action: act, Public: act == ""})
}

// LoopbackOnly makes every route answer requests for loopback host names alone;
// call it before serving. A server that tells its own passwords needs it: else
// any web page could read them by letting its own name resolve to this machine.
func (api *API) LoopbackOnly() { api.local = true }

// Routes are the registered operations in order.
func (api *API) Routes() []Route { return slices.Clone(api.routes) }

// OpenAPI is the document of all registered routes, as JSON.
func (api *API) OpenAPI() ([]byte, error) {
	doc := api.huma.OpenAPI()
	// Errors are sent as Problem; huma documents its own model, which differs
	// by the request id only.
	if m := doc.Components.Schemas.Map()["ErrorModel"]; m != nil && m.Properties["request_id"] == nil {
		m.Properties["request_id"] = &huma.Schema{Type: "string", Description: "Quote it when you ask about this request."}
		m.Properties["code"] = &huma.Schema{Type: "string", Description: "What is wrong here, for programs; only where one can do something about it."}
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return b, nil
}

// document is OpenAPI, made once: routes do not change while serving.
func (api *API) document() ([]byte, error) {
	api.docOnce.Do(func() { api.doc, api.docErr = api.OpenAPI() })
	return api.doc, api.docErr
}

// Spec is the OpenAPI document of what register registers, without a server
// or a database: services passed on to the handlers may be nil.
func Spec(version string, register func(*API)) ([]byte, error) {
	api := New(Config{Version: version})
	register(api)
	return api.OpenAPI()
}
