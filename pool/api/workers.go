package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/pool"
	"hashyard/web"
)

// registerWorkers adds what is asked of workers beside the list.
func (e edge) registerWorkers(api *web.API, get func(id, path, summary string) huma.Operation) {
	rotate := get("rotate-pool-secret", "/api/v1/pool/workers/{id}/rotate-secret", "Give a machine's worker a new secret; it is told once")
	rotate.Method = http.MethodPost
	web.Handle(api, get("count-pool-workers", "/api/v1/pool/worker-counts", "How many workers are in each state"), web.PoolRead, e.workerCounts)
	web.Handle(api, get("get-pool-worker-forensics", "/api/v1/pool/workers/{id}/forensics", "Why a worker's submits of the last day were refused, and what its machine reports against what arrived"), web.PoolRead, e.forensics)
	web.Handle(api, rotate, web.PoolWrite, e.rotate)
}

// WorkersInput selects and sorts workers.
type WorkersInput struct {
	PageInput
	Sort    string `query:"sort" enum:"created,name,ths_5m,ths_1h,ths_24h,last_share,rejects,state" default:"created" doc:"Hashrates, refusals and states are those of the last look, at most about half a minute ago."`
	Order   string `query:"order" enum:"asc,desc" default:"asc"`
	State   string `query:"state" pattern:"^((new|online|slow|silent|retired)(,|$))*$" doc:"One or more, with commas between: new, online, slow, silent, retired."`
	Text    string `query:"q" maxLength:"80" doc:"A part of the username."`
	Unit    string `query:"unit" doc:"Of one machine only."`
	Account string `query:"account" doc:"Of one account only; for the house."`
}

func (in WorkersInput) query() (q pool.WorkerQuery, err error) {
	q = pool.WorkerQuery{Page: in.page(), Sort: pool.WorkerSort(in.Sort), Descending: in.Order == "desc", Text: in.Text}
	for s := range strings.SplitSeq(in.State, ",") {
		if s != "" {
			q.States = append(q.States, pool.WorkerState(s))
		}
	}
	for text, into := range map[string]*hashyard.ID{in.Unit: &q.Unit, in.Account: &q.Account} {
		if text == "" {
			continue
		}
		if *into, err = hashyard.ParseID(text); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (e edge) workers(ctx context.Context, actor hashyard.Actor, in *WorkersInput) (*web.Page[Worker], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	ws, next, err := e.svc.Workers(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	live, err := e.live(ctx, actor)
	if err != nil {
		return nil, err
	}
	return pageOf(ws, next, func(v pool.WorkerView) Worker { return withSessions(workerOf(v), live) }), nil
}

// WorkerCounts are workers by state.
type WorkerCounts struct {
	New     int64 `json:"new" doc:"Never had a share."`
	Online  int64 `json:"online"`
	Slow    int64 `json:"slow" doc:"Their last hour is below what they are good for, beyond chance."`
	Silent  int64 `json:"silent" doc:"No share for five minutes or longer."`
	Retired int64 `json:"retired"`
	Total   int64 `json:"total"`
}

func countsBy(by map[pool.WorkerState]int64) *WorkerCounts {
	out := &WorkerCounts{
		New: by[pool.WorkerNew], Online: by[pool.WorkerOnline], Slow: by[pool.WorkerSlow], Silent: by[pool.WorkerSilent], Retired: by[pool.Retired],
	}
	for _, n := range by {
		out.Total += n
	}
	return out
}

func (e edge) workerCounts(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*WorkerCounts, error) {
	by, err := e.svc.WorkerCounts(ctx, actor)
	if err != nil {
		return nil, err
	}
	return countsBy(by), nil
}

// Forensics explains refusals.
type Forensics struct {
	Since    time.Time   `json:"since" doc:"A whole hour, a day ago."`
	Accepted int64       `json:"accepted"`
	Items    []Diagnosis `json:"items" nullable:"false" doc:"The most frequent cause first."`
	Gap      *Gap        `json:"gap,omitempty" doc:"Absent without a machine, a fresh reading of it or a measured hour."`
}

// Diagnosis is one cause of refusals in words.
type Diagnosis struct {
	Cause   string         `json:"cause" doc:"none, tip-moved, unknown-job, period-over, repeated, too-easy, version-bits, block-time, malformed or sated."`
	Code    int            `json:"code" doc:"Of Stratum."`
	Count   int64          `json:"count"`
	OfAll   float64        `json:"of_all" doc:"Of all submits, 0 to 1."`
	Grave   bool           `json:"grave" doc:"Somebody should do something."`
	Likely  string         `json:"likely" doc:"The likely cause in words."`
	Advice  string         `json:"advice"`
	Classes []RefusedClass `json:"classes" nullable:"false" doc:"Work on an older tip by how late it was."`
}

// RefusedClass is how many were up to so late.
type RefusedClass struct {
	UpToMS int64 `json:"up_to_ms" doc:"End of the class; 0 where there are none."`
	Count  int64 `json:"count"`
}

// Gap is what a machine reports against what arrived.
type Gap struct {
	ReportedTHs float64   `json:"reported_ths"`
	ReportedAt  time.Time `json:"reported_at"`
	Delivered   Rates     `json:"delivered" doc:"Of the last hour."`
	Missing     float64   `json:"missing" doc:"(reported - delivered) ÷ reported: 0.1 is a tenth that did not arrive."`
	Beyond      bool      `json:"beyond_chance" doc:"What it reports is outside the interval of what arrived."`
}

func (e edge) forensics(ctx context.Context, actor hashyard.Actor, in *idInput) (*Forensics, error) {
	f, err := e.svc.Forensics(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := &Forensics{Since: f.Since, Accepted: f.Accepted, Items: []Diagnosis{}}
	for _, d := range f.Diagnoses {
		it := Diagnosis{
			Cause: d.Cause.String(), Code: int(d.Code), Count: d.Count, OfAll: d.OfAll, Grave: d.Grave,
			Likely: d.Likely, Advice: d.Advice, Classes: []RefusedClass{},
		}
		for _, c := range d.Classes {
			it.Classes = append(it.Classes, RefusedClass{c.Upto.Milliseconds(), c.Count})
		}
		out.Items = append(out.Items, it)
	}
	if g := f.Gap; g != nil {
		out.Gap = &Gap{
			ReportedTHs: float64(g.Reported.Rate / hashyard.TH), ReportedAt: g.Reported.At,
			Delivered: ratesOf(g.Delivered), Missing: g.Missing, Beyond: g.Beyond,
		}
	}
	return out, nil
}

type rotateInput struct {
	ID   hashyard.ID `path:"id"`
	Body RotateSecret
}

// RotateSecret asks for a new secret.
type RotateSecret struct {
	Generation int `json:"generation" minimum:"1" doc:"The one to replace, secret_generation of the worker: so a retry changes nothing."`
	KeepHours  int `json:"keep_hours,omitempty" minimum:"0" maximum:"168" doc:"How long the old one is good beside it; with 0 its sessions end at once."`
}

// RotatedSecret is how the machine signs in from now on.
type RotatedSecret struct {
	WorkerID   hashyard.ID `json:"worker_id"`
	Generation int         `json:"generation"`
	OldUntil   time.Time   `json:"old_until"`
	URL        string      `json:"url"`
	User       string      `json:"user"`
	Password   string      `json:"password,omitempty" doc:"Told once. A redirect of the machine writes it by itself."`
}

// Redacted keeps the secret out of the stored answer.
func (r *RotatedSecret) Redacted() any {
	out := *r
	out.Password = ""
	return out
}

func (e edge) rotate(ctx context.Context, actor hashyard.Actor, in *rotateInput) (*RotatedSecret, error) {
	w, t, err := e.svc.RotateSecret(ctx, actor, in.ID, in.Body.Generation, time.Duration(in.Body.KeepHours)*time.Hour)
	if err != nil {
		return nil, err
	}
	return &RotatedSecret{WorkerID: w.ID, Generation: w.Generation, OldUntil: w.OldUntil, URL: t.URL, User: t.User, Password: t.Password}, nil
}
