package app

import (
	"fmt"
	"os"

	brokerageapi "hashyard/brokerage/api"
	"hashyard/cmd/internal/telemetry"
	fleetapi "hashyard/fleet/api"
	inventoryapi "hashyard/inventory/api"
	poolapi "hashyard/pool/api"
	"hashyard/web"
	webapi "hashyard/web/api"
	"hashyard/web/docs"
	"hashyard/web/ui"
)

// api joins the routes of all domains.
func (h *house) api() (*web.API, error) {
	static, err := docs.Handler(web.Static(ui.FS()))
	if err != nil {
		return nil, err
	}
	api := web.New(web.Config{
		Auth: h.web, Keeper: h.keeper, Log: h.log, Version: version, TLS: h.flags.TLS, TrustedProxies: h.flags.TrustedProxies,
		Static: static, Limits: h.flags.Limits.web(),
		Health: h.ops.health, Observe: telemetry.HTTP(h.ops.Registry),
	})
	h.register(api)
	return api, nil
}

// register adds every route; with empty services it describes the API only.
func (h *house) register(api *web.API) {
	cfg := webapi.Config{
		TestMode: h.brokerage == nil || h.brokerage.TestMode(),
		Network:  webapi.Network{Name: h.network.Name, WorkScale: h.network.WorkScale},
	}
	if h.flags != nil && h.flags.Seed != "" {
		cfg.World = h.world
		h.registerBank(api)
		if h.letters != nil {
			cfg.Mails = h.letters.Last
		}
	}
	webapi.Register(api, h.web, cfg)
	webapi.RegisterVerification(api, h.verify)
	webapi.RegisterTrail(api, h.keeper)
	webapi.RegisterHooks(api, h.hooks)
	web.RegisterStream(api, h.broker)
	inventoryapi.Register(api, h.inventory)
	fleetapi.Register(api, h.fleet)
	brokerageapi.Register(api, h.brokerage)
	brokerageapi.RegisterTreasury(api, h.treasury)
	poolapi.Register(api, h.pool)
	h.registerJoined(api)
}

// OpenAPI prints the API's description.
type OpenAPI struct{}

// Run writes the document to standard output.
func (o *OpenAPI) Run() error {
	doc, err := web.Spec(version, new(house).register)
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	_, err = os.Stdout.Write(append(doc, '\n'))
	return err
}
