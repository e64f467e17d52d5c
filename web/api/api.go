// Package api is the HTTP interface of identity: signing in and out, second
// factors, sessions, who am I, users, API keys, the audit trail, and what the local world tells tools.
// It holds no state of its own.
package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
	"hashyard/web/notify"
)

// Config is what the wiring knows about this server.
type Config struct {
	// TestMode says that money and machines are simulated.
	TestMode bool
	Network  Network
	// World is what GET /api/v1/world tells; nil outside the local world. It
	// tells passwords, so with it all routes answer loopback host names only.
	World func(ctx context.Context) (any, error)
	// Mails tells the last mails of the local world, which no server sends.
	Mails func(n int) ([]notify.Letter, error)
}

// Network is the chain this server works on.
type Network struct {
	Name      string         `json:"name"`
	WorkScale hashyard.Scale `json:"work_scale" doc:"How many hashes one real hash stands for on screens; 1 on every real network."`
}

type handlers struct {
	api *web.API
	svc *web.Service
	cfg Config
}

// Register adds the routes.
func Register(api *web.API, svc *web.Service, cfg Config) {
	h := &handlers{api: api, svc: svc, cfg: cfg}
	if cfg.World != nil {
		api.LoopbackOnly()
	}
	h.session()
	h.factors()
	h.sessions()
	h.users()
	h.keys()
	h.joining()
	web.Handle(api, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/api/v1/audit", Tags: []string{"identity"},
		Summary: "What was done in your organisation, newest first; for the desk also what the house did by itself",
	}, web.AuditRead, h.listAudit)
	web.Public(api, huma.Operation{
		OperationID: "get-world", Method: http.MethodGet, Path: "/api/v1/world", Tags: []string{"world"},
		Summary: "Sign-ins and addresses of the local world; absent anywhere else",
	}, h.world)
	web.Public(api, huma.Operation{
		OperationID: "list-world-mails", Method: http.MethodGet, Path: "/api/v1/world/mails", Tags: []string{"world"},
		Summary: "The last mails of the local world, which no server sends; absent anywhere else",
	}, h.worldMails)
}

type worldOut struct{ Body any }

func (h *handlers) world(ctx context.Context, _ *struct{}) (*worldOut, error) {
	if h.cfg.World == nil {
		return nil, hashyard.NotFound.Errorf("this is not a local world")
	}
	body, err := h.cfg.World(ctx)
	if err != nil {
		return nil, err
	}
	return &worldOut{Body: body}, nil
}

type mailsOut struct {
	Body web.Page[notify.Letter]
}

func (h *handlers) worldMails(_ context.Context, in *struct {
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
},
) (*mailsOut, error) {
	if h.cfg.World == nil || h.cfg.Mails == nil {
		return nil, hashyard.NotFound.Errorf("this is not a local world")
	}
	letters, err := h.cfg.Mails(in.Limit)
	if err != nil {
		return nil, err
	}
	return &mailsOut{Body: web.Page[notify.Letter]{Items: letters}}, nil
}

// List is the cursor every list here has: the id of the last item seen.
type List struct {
	Cursor hashyard.ID `query:"cursor" doc:"next of the page before."`
	Limit  int         `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// page cuts the one item too many that says whether there is a next page.
func page[T any](items []T, limit int, id func(T) hashyard.ID) *web.Page[T] {
	p := &web.Page[T]{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = id(items[limit-1]).String()
	}
	return p
}

type auditIn struct {
	List
	RefKind string      `query:"ref_kind" maxLength:"40" doc:"Only commands on things of this kind."`
	RefID   hashyard.ID `query:"ref_id" doc:"Only commands on this thing."`
	Command string      `query:"command" maxLength:"80" doc:"Only commands whose name begins so, as user or user.password."`
}

func (h *handlers) listAudit(ctx context.Context, actor hashyard.Actor, in *auditIn) (*web.Page[web.AuditRow], error) {
	rows, err := h.svc.Audit(ctx, actor, web.AuditQuery{
		Ref: hashyard.Ref{Kind: in.RefKind, ID: in.RefID}, Command: in.Command, Before: in.Cursor, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return page(rows, in.Limit, func(r web.AuditRow) hashyard.ID { return r.ID }), nil
}
