package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard/web"
)

// registerPublic adds what anybody may see.
func (e edge) registerPublic(api *web.API, get func(id, path, summary string) huma.Operation) {
	// Everybody's figures: nothing in it is of one organisation.
	web.Public(api, get("get-pool-status", "/api/v1/pool/status", "The pool as anybody sees it"), e.status)
}

// Status is the public page's data.
type Status struct {
	At             time.Time `json:"at"`
	Network        string    `json:"network"`
	Pool           Rates     `json:"pool" doc:"The whole pool's last hour, in displayed TH/s."`
	WorkersOnline  int64     `json:"workers_online" doc:"With a share in the last five minutes."`
	FeePPM         int64     `json:"fee_ppm"`
	FeeMethod      string    `json:"fee_method"`
	Difficulty     float64   `json:"difficulty" doc:"Of the network."`
	Hashprice      Hashprice `json:"hashprice"`
	Blocks         []Block   `json:"blocks" nullable:"false" doc:"The newest ten, without their finders."`
	WorkOfferedAt  time.Time `json:"work_offered_at,omitzero" doc:"When work was last offered; absent where this process does not know."`
	UpSince        time.Time `json:"up_since" doc:"Of the process that answers."`
	DayMinutes     int64     `json:"day_minutes" doc:"Minutes of the last day, from the first share on."`
	MinutesWithout int64     `json:"minutes_without" doc:"Of them without any accepted share."`
	Uptime         *float64  `json:"uptime,omitempty" doc:"1 - minutes_without ÷ day_minutes; absent before the first share."`
}

func (e edge) status(ctx context.Context, _ *struct{}) (*Status, error) {
	s, err := e.svc.Status(ctx)
	if err != nil {
		return nil, err
	}
	out := &Status{
		At: s.At, Network: s.Network, Pool: ratesOf(s.Hour), WorkersOnline: s.Workers, FeePPM: s.FeePPM, FeeMethod: string(s.FeeMethod),
		Difficulty: s.Difficulty, Hashprice: hashpriceOf(s.Hashprice, s.Dollar), Blocks: []Block{}, WorkOfferedAt: s.Offered, UpSince: s.Since,
		DayMinutes: s.DayMinutes, MinutesWithout: s.MinutesWithout,
	}
	out.Hashprice.At, out.Hashprice.Difficulty = s.Epoch.Created, s.Difficulty
	for _, b := range s.Blocks {
		out.Blocks = append(out.Blocks, blockOf(b))
	}
	if s.DayMinutes > 0 {
		up := 1 - float64(s.MinutesWithout)/float64(s.DayMinutes)
		out.Uptime = &up
	}
	return out, nil
}
