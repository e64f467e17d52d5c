package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/web"
	"hashyard/web/verify"
)

type verifyHandlers struct{ svc *verify.Service }

// RegisterVerification adds the routes of verification and of sanctions lists.
func RegisterVerification(api *web.API, svc *verify.Service) {
	h := &verifyHandlers{svc}
	tags := []string{"verification"}
	web.Handle(api, huma.Operation{
		OperationID: "get-verification", Method: http.MethodGet, Path: "/api/v1/verification", Tags: tags,
		Summary: "How your organisation stands: whether it may trade, and what to do",
	}, web.VerifyRead, h.own)
	web.Handle(api, huma.Operation{
		OperationID: "submit-verification", Method: http.MethodPost, Path: "/api/v1/verification", Tags: tags,
		Summary: "Say who your organisation is, again if that changed", DefaultStatus: http.StatusOK,
	}, web.VerifyWrite, h.submit)
	web.Handle(api, huma.Operation{
		OperationID: "list-verifications", Method: http.MethodGet, Path: "/api/v1/verifications", Tags: tags,
		Summary: "All organisations with how they stand",
	}, web.VerifyDecide, h.list)
	web.Handle(api, huma.Operation{
		OperationID: "get-verification-of", Method: http.MethodGet, Path: "/api/v1/verifications/{org}", Tags: tags,
		Summary: "One organisation, with the listed names that look like its own",
	}, web.VerifyDecide, h.get)
	web.Handle(api, huma.Operation{
		OperationID: "decide-verification", Method: http.MethodPost, Path: "/api/v1/verifications/{org}/decision", Tags: tags,
		Summary: "Verify, refuse, suspend or lift a suspension", DefaultStatus: http.StatusOK,
	}, web.VerifyDecide, h.decide)
	web.Handle(api, huma.Operation{
		OperationID: "list-sanctions-lists", Method: http.MethodGet, Path: "/api/v1/sanctions/lists", Tags: tags,
		Summary: "The sanctions lists that were imported, newest first",
	}, web.VerifyDecide, h.lists)
	web.Handle(api, huma.Operation{
		OperationID: "import-sanctions-list", Method: http.MethodPost, Path: "/api/v1/sanctions/lists", Tags: tags,
		Summary:       "Import a list in OFAC's SDN format (sdn.csv) and hold every organisation against it",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: verify.MaxListBytes,
	}, web.VerifyDecide, h.importList)
}

// Standing is an organisation as it sees itself.
type Standing struct {
	verify.Record
	Name     string `json:"name"`
	MayTrade bool   `json:"may_trade"`
	Why      string `json:"why,omitempty" doc:"Why it may not, and what to do."`
}

func (h *verifyHandlers) standing(ctx context.Context, sub verify.Subject) (*Standing, error) {
	s := &Standing{Record: sub.Record, Name: sub.Name, MayTrade: true}
	if err := h.svc.MayTrade(ctx, sub.Record.Org); err != nil {
		if kind, ok := hashyard.KindOf(err); !ok || kind != hashyard.Conflict {
			return nil, err
		}
		s.MayTrade, s.Why = false, err.Error()
	}
	return s, nil
}

func (h *verifyHandlers) own(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Standing, error) {
	sub, err := h.svc.Subject(ctx, actor.Org)
	if err != nil {
		return nil, err
	}
	return h.standing(ctx, sub)
}

func (h *verifyHandlers) submit(ctx context.Context, actor hashyard.Actor, in *verify.Details) (*Standing, error) {
	sub, err := h.svc.Submit(ctx, actor, *in)
	if err != nil {
		return nil, err
	}
	return h.standing(ctx, sub)
}

type listVerificationsIn struct {
	List
	State verify.State `query:"state" enum:"unverified,submitted,verified,refused,suspended" doc:"Only these."`
}

func (h *verifyHandlers) list(ctx context.Context, _ hashyard.Actor, in *listVerificationsIn) (*web.Page[verify.Subject], error) {
	subs, err := h.svc.Subjects(ctx, in.State, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(subs, in.Limit, func(s verify.Subject) hashyard.ID { return s.Record.Org }), nil
}

// Dossier is an organisation as the desk sees it.
type Dossier struct {
	verify.Subject
	Hits []verify.Hit   `json:"hits" nullable:"false" doc:"Listed names that look like its own, also cleared ones."`
	Can  []verify.Event `json:"can" nullable:"false" doc:"What the desk may decide now."`
}

type orgIn struct {
	Org hashyard.ID `path:"org"`
}

func (h *verifyHandlers) get(ctx context.Context, _ hashyard.Actor, in *orgIn) (*Dossier, error) {
	sub, err := h.svc.Subject(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	return h.dossier(ctx, sub)
}

func (h *verifyHandlers) dossier(ctx context.Context, sub verify.Subject) (*Dossier, error) {
	hits, err := h.svc.Hits(ctx, sub.Record.Org)
	if err != nil {
		return nil, err
	}
	d := &Dossier{Subject: sub, Hits: append([]verify.Hit{}, hits...), Can: []verify.Event{}}
	if !sub.House {
		d.Can = verify.Open(sub.Record.State)
	}
	return d, nil
}

type decisionIn struct {
	Org  hashyard.ID `path:"org"`
	Body Decision
}

// Decision is the desk's word on an organisation.
type Decision struct {
	Event   verify.Event `json:"event" enum:"verify,refuse,suspend,reopen,reinstate"`
	Reason  string       `json:"reason" maxLength:"500" doc:"The organisation reads it after a refusal or suspension; needed for all but verify."`
	Version int64        `json:"version" doc:"Of the record that was looked at."`
}

func (h *verifyHandlers) decide(ctx context.Context, actor hashyard.Actor, in *decisionIn) (*Dossier, error) {
	sub, err := h.svc.Decide(ctx, actor, in.Org, in.Body.Event, in.Body.Reason, in.Body.Version)
	if err != nil {
		return nil, err
	}
	return h.dossier(ctx, sub)
}

type listsIn struct{ List }

func (h *verifyHandlers) lists(ctx context.Context, _ hashyard.Actor, in *listsIn) (*web.Page[verify.List], error) {
	lists, err := h.svc.Lists(ctx, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return page(lists, in.Limit, func(l verify.List) hashyard.ID { return l.ID }), nil
}

type importIn struct {
	Source  string `query:"source" required:"true" maxLength:"40" doc:"Whose list, as OFAC SDN."`
	Dated   string `query:"dated" required:"true" format:"date" doc:"The day the list is of."`
	RawBody []byte `contentType:"text/csv"`
}

type importOut struct{ Body verify.List }

func (h *verifyHandlers) importList(ctx context.Context, actor hashyard.Actor, in *importIn) (*importOut, error) {
	dated, err := time.Parse(time.DateOnly, in.Dated)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("dated %.20q is not like 2026-11-25", in.Dated)
	}
	l, err := h.svc.Import(ctx, actor, in.Source, dated, bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, err
	}
	return &importOut{l}, nil
}
