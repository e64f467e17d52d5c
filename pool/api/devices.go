package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/pool"
	"hashyard/web"
)

func (e edge) registerDevices(api *web.API, get func(id, path, summary string) huma.Operation) {
	web.Handle(api, get("list-pool-worker-devices", "/api/v1/pool/workers/{id}/devices", "What connected as a worker, by its own word, newest first"),
		web.PoolRead, e.workerDevices)
	web.Handle(api, get("list-pool-unit-devices", "/api/v1/pool/units/{id}/devices", "What connected as a machine, by its own word, newest first"),
		web.PoolRead, e.unitDevices)
}

// Device is what a machine said of itself. Nobody vouches for it.
type Device struct {
	WorkerID  hashyard.ID `json:"worker_id"`
	User      string      `json:"user" doc:"The Stratum username it connected with."`
	Agent     string      `json:"agent,omitempty" doc:"What it calls its software."`
	HWID      string      `json:"hw_id,omitempty" doc:"Its hardware's own number, where the firmware tells one."`
	HWVersion string      `json:"hw_version,omitempty"`
	SWVersion string      `json:"sw_version,omitempty"`
	URL       string      `json:"url,omitempty" doc:"How it was told to connect, the last time."`
	FirstAt   time.Time   `json:"first_at"`
	LastAt    time.Time   `json:"last_at" doc:"When it last connected."`
}

func deviceOf(d pool.Device) Device {
	return Device{
		WorkerID: d.Worker, User: d.User, Agent: d.Agent, HWID: d.HWID, HWVersion: d.HWVersion, SWVersion: d.SWVersion, URL: d.URL,
		FirstAt: d.First, LastAt: d.Last,
	}
}

func (e edge) workerDevices(ctx context.Context, actor hashyard.Actor, in *idInput) (*web.Page[Device], error) {
	return e.devices(ctx, actor, pool.DeviceQuery{Worker: in.ID})
}

func (e edge) unitDevices(ctx context.Context, actor hashyard.Actor, in *idInput) (*web.Page[Device], error) {
	return e.devices(ctx, actor, pool.DeviceQuery{Unit: in.ID})
}

func (e edge) devices(ctx context.Context, actor hashyard.Actor, q pool.DeviceQuery) (*web.Page[Device], error) {
	all, err := e.svc.Devices(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(all, "", deviceOf), nil
}
