package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
	"hashyard/web/audit"
)

// RegisterTrail adds the check of the audit trail's hash chain.
func RegisterTrail(api *web.API, store audit.Store) {
	h := &trailHandlers{store}
	web.Handle(api, huma.Operation{
		OperationID: "verify-audit", Method: http.MethodGet, Path: "/api/v1/audit/chain", Tags: []string{"identity"},
		Summary: "Check your audit trail's hash chain, link by link; for the desk also the house's own",
	}, web.AuditRead, h.verify)
}

type trailHandlers struct{ store audit.Store }

func (h *trailHandlers) verify(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.Page[audit.Report], error) {
	chains := []hashyard.ID{actor.Org}
	if actor.House {
		chains = append(chains, hashyard.ID{})
	}
	out := &web.Page[audit.Report]{}
	for _, c := range chains {
		r, err := audit.Verify(ctx, h.store, actor, c, nil, time.Now().UTC())
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, r)
	}
	return out, nil
}
