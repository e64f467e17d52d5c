package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

func (h *handlers) sessions() {
	tags := []string{"identity"}
	web.Handle(h.api, huma.Operation{
		OperationID: "list-sessions", Method: http.MethodGet, Path: "/api/v1/me/sessions", Tags: tags,
		Summary: "Where you are signed in, newest first",
	}, web.SessionRead, h.listSessions)
	web.Handle(h.api, huma.Operation{
		OperationID: "end-session", Method: http.MethodDelete, Path: "/api/v1/me/sessions/{id}", Tags: tags,
		Summary: "End one of your sessions, at once",
	}, web.SessionRead, h.endSession)
	web.Handle(h.api, huma.Operation{
		OperationID: "end-other-sessions", Method: http.MethodDelete, Path: "/api/v1/me/sessions", Tags: tags,
		Summary: "End all your sessions but this one", DefaultStatus: http.StatusOK,
	}, web.SessionRead, h.endOthers)
	web.Handle(h.api, huma.Operation{
		OperationID: "end-sessions-of", Method: http.MethodDelete, Path: "/api/v1/users/{id}/sessions", Tags: tags,
		Summary: "End all sessions of a member of your organisation", DefaultStatus: http.StatusOK,
	}, web.UsersWrite, h.endSessionsOf)
}

func (h *handlers) listSessions(ctx context.Context, _ hashyard.Actor, in *List) (*web.Page[web.Session], error) {
	list, err := h.svc.Sessions(ctx, web.CallerOf(ctx), in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(list, in.Limit, func(s web.Session) hashyard.ID { return s.ID }), nil
}

type idIn struct {
	ID hashyard.ID `path:"id"`
}

func (h *handlers) endSession(ctx context.Context, actor hashyard.Actor, in *idIn) (*struct{}, error) {
	return nil, h.svc.EndSession(ctx, actor, in.ID)
}

// Ended says what a command ended.
type Ended struct {
	Ended int `json:"ended" doc:"How many sessions there were."`
}

func (h *handlers) endOthers(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Ended, error) {
	n, err := h.svc.EndSessions(ctx, actor, actor.User, web.SessionOf(ctx))
	return &Ended{n}, err
}

func (h *handlers) endSessionsOf(ctx context.Context, actor hashyard.Actor, in *idIn) (*Ended, error) {
	n, err := h.svc.EndSessions(ctx, actor, in.ID, web.SessionOf(ctx))
	return &Ended{n}, err
}
