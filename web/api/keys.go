package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

func (h *handlers) keys() {
	tags := []string{"identity"}
	web.Handle(h.api, huma.Operation{
		OperationID: "list-keys", Method: http.MethodGet, Path: "/api/v1/keys", Tags: tags,
		Summary: "The API keys of your organisation, also expired and revoked ones",
	}, web.KeysWrite, h.listKeys)
	web.Handle(h.api, huma.Operation{
		OperationID: "add-key", Method: http.MethodPost, Path: "/api/v1/keys", Tags: tags,
		Summary: "Make an API key; its text is told once", DefaultStatus: http.StatusCreated,
	}, web.KeysWrite, h.addKey)
	web.Handle(h.api, huma.Operation{
		OperationID: "revoke-key", Method: http.MethodDelete, Path: "/api/v1/keys/{id}", Tags: tags,
		Summary: "Revoke an API key, at once and for good", DefaultStatus: http.StatusOK,
	}, web.KeysWrite, h.revokeKey)
}

func (h *handlers) listKeys(ctx context.Context, actor hashyard.Actor, in *List) (*web.Page[web.Key], error) {
	keys, err := h.svc.Keys(ctx, actor, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(keys, in.Limit, func(k web.Key) hashyard.ID { return k.ID }), nil
}

type addKeyIn struct {
	Name  string          `json:"name" maxLength:"120"`
	Roles []hashyard.Role `json:"roles" minItems:"1" maxItems:"8" nullable:"false"`
	Days  int             `json:"expires_in_days,omitempty" minimum:"1" maximum:"730" default:"365"`
	// Elevated keys are for programs that pay out or manage people.
	Elevated bool `json:"elevated,omitempty" doc:"It may do what asks a person for a factor: payouts, addresses, keys, people."`
}

// NewKey is a key with its text.
type NewKey struct {
	Key    web.Key `json:"key"`
	Secret string  `json:"secret,omitempty" doc:"Send it as Authorization: Bearer. It is told once and stored nowhere."`
}

// Redacted keeps the secret out of the stored answer.
func (n *NewKey) Redacted() any { return NewKey{Key: n.Key} }

func (h *handlers) addKey(ctx context.Context, actor hashyard.Actor, in *addKeyIn) (*NewKey, error) {
	key, secret, err := h.svc.AddKey(ctx, actor, in.Name, in.Roles, time.Duration(in.Days)*24*time.Hour, in.Elevated)
	if err != nil {
		return nil, err
	}
	return &NewKey{Key: key, Secret: secret}, nil
}

func (h *handlers) revokeKey(ctx context.Context, actor hashyard.Actor, in *idIn) (*web.Key, error) {
	key, err := h.svc.RevokeKey(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &key, nil
}
