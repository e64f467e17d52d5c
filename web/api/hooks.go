package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
	"hashyard/web/hooks"
)

type hookHandlers struct{ svc *hooks.Service }

// RegisterHooks adds the routes of outgoing webhooks.
func RegisterHooks(api *web.API, svc *hooks.Service) {
	h := &hookHandlers{svc}
	tags := []string{"webhooks"}
	web.Handle(api, huma.Operation{
		OperationID: "list-webhooks", Method: http.MethodGet, Path: "/api/v1/webhooks", Tags: tags,
		Summary: "The webhooks of your organisation, also removed ones",
	}, web.HooksWrite, h.list)
	web.Handle(api, huma.Operation{
		OperationID: "add-webhook", Method: http.MethodPost, Path: "/api/v1/webhooks", Tags: tags,
		Summary:     "Have events sent to an https address; the secret that signs them is told once",
		Description: "Each event is a POST with Hashyard-Event, Hashyard-Delivery and Hashyard-Signature: t=<unix seconds>,v1=<HMAC-SHA256 in hex over \"<t>.<body>\" with the secret>. Answer 2xx within 5 s. What is not taken is tried again for three days; a delivery may come twice.", DefaultStatus: http.StatusCreated,
	}, web.HooksWrite, h.add)
	web.Handle(api, huma.Operation{
		OperationID: "remove-webhook", Method: http.MethodDelete, Path: "/api/v1/webhooks/{id}", Tags: tags,
		Summary: "Remove a webhook and what is queued for it", DefaultStatus: http.StatusOK,
	}, web.HooksWrite, h.remove)
	web.Handle(api, huma.Operation{
		OperationID: "list-deliveries", Method: http.MethodGet, Path: "/api/v1/webhooks/{id}/deliveries", Tags: tags,
		Summary: "What was sent to a webhook in the last 30 days, newest first",
	}, web.HooksWrite, h.deliveries)
	web.Handle(api, huma.Operation{
		OperationID: "redeliver", Method: http.MethodPost, Path: "/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver", Tags: tags,
		Summary: "Send a delivery again", DefaultStatus: http.StatusOK,
	}, web.HooksWrite, h.redeliver)
}

func (h *hookHandlers) list(ctx context.Context, actor hashyard.Actor, in *List) (*web.Page[hooks.Hook], error) {
	hs, err := h.svc.Hooks(ctx, actor, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(hs, in.Limit, func(x hooks.Hook) hashyard.ID { return x.ID }), nil
}

type addHookIn struct {
	URL   string          `json:"url" maxLength:"2000" doc:"https only; its name has to lead to a public address."`
	Roles []hashyard.Role `json:"roles" minItems:"1" maxItems:"8" nullable:"false" doc:"It is told what these roles may read."`
}

// NewHook is a webhook with its secret.
type NewHook struct {
	Hook   hooks.Hook `json:"hook"`
	Secret string     `json:"secret,omitempty" doc:"Signs what is sent. It is told once and stored nowhere."`
}

// Redacted keeps the secret out of the stored answer.
func (n *NewHook) Redacted() any { return NewHook{Hook: n.Hook} }

func (h *hookHandlers) add(ctx context.Context, actor hashyard.Actor, in *addHookIn) (*NewHook, error) {
	id, ok := web.CommandID(ctx)
	if !ok {
		id = hashyard.NewID()
	}
	hook, secret, err := h.svc.Add(ctx, actor, id, in.URL, in.Roles)
	if err != nil {
		return nil, err
	}
	return &NewHook{Hook: hook, Secret: secret}, nil
}

type hookIn struct {
	ID hashyard.ID `path:"id"`
}

func (h *hookHandlers) remove(ctx context.Context, actor hashyard.Actor, in *hookIn) (*hooks.Hook, error) {
	hook, err := h.svc.Remove(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &hook, nil
}

type deliveriesIn struct {
	ID hashyard.ID `path:"id"`
	List
}

func (h *hookHandlers) deliveries(ctx context.Context, actor hashyard.Actor, in *deliveriesIn) (*web.Page[hooks.Delivery], error) {
	ds, err := h.svc.Deliveries(ctx, actor, in.ID, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(ds, in.Limit, func(d hooks.Delivery) hashyard.ID { return d.ID }), nil
}

type redeliverIn struct {
	ID       hashyard.ID `path:"id"`
	Delivery hashyard.ID `path:"delivery"`
}

type redeliverOut struct{ Body hooks.Delivery }

func (h *hookHandlers) redeliver(ctx context.Context, actor hashyard.Actor, in *redeliverIn) (*redeliverOut, error) {
	d, err := h.svc.Redeliver(ctx, actor, in.ID, in.Delivery)
	if err != nil {
		return nil, err
	}
	return &redeliverOut{d}, nil
}
