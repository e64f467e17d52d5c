// Package api is the pool's HTTP interface: its terms, workers, booked work,
// measured hashrates, sessions, statements and blocks. It holds no state;
// handlers run concurrently and leave all rules to pool.Service.
package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/pool"
	"hashyard/web"
)

// edge joins the handlers with the service.
type edge struct {
	svc      *pool.Service
	watchers *watchers
}

// Register adds the pool's routes.
func Register(api *web.API, svc *pool.Service) {
	e := edge{svc, newWatchers()}
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"pool"}}
	}
	add := get("add-pool-worker", "/api/v1/pool/workers", "Make a plain worker")
	add.Method, add.DefaultStatus = http.MethodPost, http.StatusCreated

	web.Public(api, get("get-pool", "/api/v1/pool", "The pool's terms and the rate now"), e.info)
	web.Handle(api, get("list-pool-workers", "/api/v1/pool/workers", "Workers with their state and hashrates, sorted and filtered here"), web.PoolRead, e.workers)
	web.Handle(api, add, web.PoolWrite, e.addWorker)
	web.Handle(api, get("get-pool-worker", "/api/v1/pool/workers/{id}", "One worker"), web.PoolRead, e.worker)
	web.Handle(api, get("get-pool-worker-work", "/api/v1/pool/workers/{id}/work", "Booked work of a worker by rate epoch, newest first"), web.PoolRead, e.workerWork)
	web.Handle(api, get("get-pool-unit-work", "/api/v1/pool/units/{id}/work", "Booked work of a machine by rate epoch, newest first"), web.PoolRead, e.unitWork)
	web.Handle(api, get("get-pool-unit-series", "/api/v1/pool/units/{id}/series", "Measured hashrate of a machine over time"), web.PoolRead, e.series)
	web.Handle(api, get("get-pool-unit-earnings", "/api/v1/pool/units/{id}/earnings", "What a machine earned, by statement, newest first"), web.PoolRead, e.earnings)
	web.Handle(api, get("list-pool-sessions", "/api/v1/pool/sessions", "Live sessions"), web.PoolRead, e.sessions)
	web.Handle(api, get("list-pool-statements", "/api/v1/pool/statements", "Statements, newest first"), web.PoolRead, e.statements)
	web.Handle(api, get("get-pool-statement", "/api/v1/pool/statements/{id}", "A statement with every input, to be recomputed"), web.PoolRead, e.statement)
	web.Handle(api, get("list-pool-blocks", "/api/v1/pool/blocks", "Blocks that were found, newest first"), web.PoolRead, e.blocks)
	e.registerOverview(api, get)
	e.registerDevices(api, get)
	e.registerWorkers(api, get)
	e.registerTerms(api, get)
	e.registerLinks(api, get)
	e.registerPublic(api, get)
	e.registerSigned(api, get)
}

type idInput struct {
	ID hashyard.ID `path:"id"`
}

// PageInput is where a page of a list begins and how long it is.
type PageInput struct {
	Cursor string `query:"cursor" doc:"Where the page before ended."`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Items a page; 0 means 100."`
}

func (in PageInput) page() pool.Page { return pool.Page{Cursor: in.Cursor, Limit: in.Limit} }

func pageOf[T, O any](items []T, next string, of func(T) O) *web.Page[O] {
	out := &web.Page[O]{Items: make([]O, 0, len(items)), Next: next}
	for _, it := range items {
		out.Items = append(out.Items, of(it))
	}
	return out
}

func (e edge) info(ctx context.Context, _ *struct{}) (*PoolInfo, error) {
	p, err := e.svc.Params(ctx)
	if err != nil {
		return nil, err
	}
	return infoOf(p), nil
}

// live are the sessions of the actor by worker.
func (e edge) live(ctx context.Context, actor hashyard.Actor) (map[hashyard.ID][]pool.Session, error) {
	all, err := e.svc.Sessions(ctx, actor, hashyard.ID{})
	if errors.Is(err, hashyard.Unavailable) {
		return nil, nil // another process has the connections; the bookings are here
	}
	out := map[hashyard.ID][]pool.Session{}
	for _, s := range all {
		out[s.Worker] = append(out[s.Worker], s)
	}
	return out, err
}

func withSessions(w Worker, live map[hashyard.ID][]pool.Session) Worker {
	for _, s := range live[w.ID] {
		w.Sessions++
		w.WireDifficulty = max(w.WireDifficulty, s.Difficulty.Wire())
		w.Agent = s.Agent
	}
	return w
}

// NewWorker is the body of making one.
type NewWorker struct {
	Name string `json:"name" minLength:"1" maxLength:"32" pattern:"^[A-Za-z0-9][A-Za-z0-9_-]*$" doc:"The part of the username after the dot."`
}

func (e edge) addWorker(ctx context.Context, actor hashyard.Actor, in *NewWorker) (*Worker, error) {
	// The same at every attempt of one request: a retry finds what it made.
	id, ok := web.CommandID(ctx)
	if !ok {
		id = hashyard.NewID()
	}
	w, err := e.svc.AddWorkerOnce(ctx, actor, id, in.Name)
	if err != nil {
		return nil, err
	}
	out := workerOf(pool.WorkerView{Worker: w})
	return &out, nil
}

func (e edge) worker(ctx context.Context, actor hashyard.Actor, in *idInput) (*Worker, error) {
	w, err := e.svc.Worker(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	live, err := e.live(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := withSessions(workerOf(w), live)
	return &out, nil
}

type workInput struct {
	ID    hashyard.ID `path:"id"`
	Epoch string      `query:"epoch" doc:"One rate epoch only."`
	Limit int         `query:"limit" minimum:"0" maximum:"500" doc:"Rows; 0 means 100."`
}

func (in workInput) epoch() (id hashyard.ID, err error) {
	if in.Epoch == "" {
		return id, nil
	}
	return hashyard.ParseID(in.Epoch)
}

func (e edge) workerWork(ctx context.Context, actor hashyard.Actor, in *workInput) (*web.Page[BookedWork], error) {
	epoch, err := in.epoch()
	if err != nil {
		return nil, err
	}
	return e.work(ctx, actor, pool.WorkQuery{Worker: in.ID, Epoch: epoch, Limit: in.Limit})
}

func (e edge) unitWork(ctx context.Context, actor hashyard.Actor, in *workInput) (*web.Page[BookedWork], error) {
	epoch, err := in.epoch()
	if err != nil {
		return nil, err
	}
	return e.work(ctx, actor, pool.WorkQuery{Unit: in.ID, Epoch: epoch, Limit: in.Limit})
}

func (e edge) work(ctx context.Context, actor hashyard.Actor, q pool.WorkQuery) (*web.Page[BookedWork], error) {
	ws, err := e.svc.Work(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(ws, "", bookedOf), nil
}

type seriesInput struct {
	ID    hashyard.ID `path:"id"`
	Since string      `query:"since" doc:"RFC 3339; the last 24 hours when absent."`
	Step  string      `query:"step" doc:"Whole minutes, like 60s or 5m; a minute when absent."`
}

func (in seriesInput) bounds() (since time.Time, step time.Duration, err error) {
	step = time.Minute
	if in.Since != "" {
		if since, err = time.Parse(time.RFC3339, in.Since); err != nil {
			return since, step, hashyard.Invalid.Errorf("since %.40q is not a time like 2026-11-25T12:00:00Z", in.Since)
		}
	}
	if in.Step != "" {
		if step, err = time.ParseDuration(in.Step); err != nil || step < time.Minute {
			return since, step, hashyard.Invalid.Errorf("step %.20q is not whole minutes like 60s or 5m", in.Step)
		}
	}
	return since, step, nil
}

func (e edge) series(ctx context.Context, actor hashyard.Actor, in *seriesInput) (*web.Page[SeriesPoint], error) {
	since, step, err := in.bounds()
	if err != nil {
		return nil, err
	}
	ps, err := e.svc.UnitSeries(ctx, actor, in.ID, since, step)
	if err != nil {
		return nil, err
	}
	return pageOf(ps, "", pointOf), nil
}

type sessionsInput struct {
	Unit string `query:"unit" doc:"Of one machine only."`
}

func (e edge) sessions(ctx context.Context, actor hashyard.Actor, in *sessionsInput) (*web.Page[Session], error) {
	var unit hashyard.ID
	if in.Unit != "" {
		var err error
		if unit, err = hashyard.ParseID(in.Unit); err != nil {
			return nil, err
		}
	}
	all, err := e.svc.Sessions(ctx, actor, unit)
	if err != nil {
		return nil, err
	}
	return pageOf(all, "", sessionOf), nil
}

func (e edge) blocks(ctx context.Context, actor hashyard.Actor, in *PageInput) (*web.Page[Block], error) {
	bs, next, err := e.svc.Blocks(ctx, actor, in.page())
	if err != nil {
		return nil, err
	}
	return pageOf(bs, next, blockOf), nil
}
