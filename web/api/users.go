package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
)

func (h *handlers) users() {
	tags := []string{"identity"}
	web.Handle(h.api, huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/api/v1/users", Tags: tags,
		Summary: "The people of your organisation",
	}, web.UsersRead, h.listUsers)
	web.Handle(h.api, huma.Operation{
		OperationID: "change-user", Method: http.MethodPut, Path: "/api/v1/users/{id}", Tags: tags,
		Summary: "Change a person's name, roles or access",
	}, web.UsersWrite, h.changeUser)
}

func (h *handlers) listUsers(ctx context.Context, actor hashyard.Actor, in *List) (*web.Page[web.User], error) {
	users, err := h.svc.Users(ctx, actor, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(users, in.Limit, func(u web.User) hashyard.ID { return u.ID }), nil
}

type changeUserIn struct {
	ID   hashyard.ID `path:"id"`
	Body struct {
		Name     string          `json:"name" maxLength:"120"`
		Roles    []hashyard.Role `json:"roles" minItems:"1" maxItems:"8" nullable:"false"`
		Disabled bool            `json:"disabled"`
		Version  int64           `json:"version" doc:"The version this change was made from."`
	}
}

func (h *handlers) changeUser(ctx context.Context, actor hashyard.Actor, in *changeUserIn) (*web.User, error) {
	user, err := h.svc.ChangeUser(ctx, actor, in.ID, web.UserChange{
		Name: in.Body.Name, Roles: in.Body.Roles, Disabled: in.Body.Disabled, Version: in.Body.Version,
	})
	if err != nil {
		return nil, err
	}
	return &user, nil
}
