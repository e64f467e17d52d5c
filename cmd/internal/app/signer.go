package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"hashyard"
	"hashyard/brokerage/treasury/signer"
	"hashyard/cmd/internal/telemetry"
)

// Signer runs the process that holds the treasury's key.
type Signer struct {
	Listen    string `default:"127.0.0.1:8090" help:"Address it answers on; keep it off the network."`
	Dir       string `required:"" type:"path" help:"Folder of the key and the journal; back it up."`
	Secret    string `required:"" env:"HASHYARD_SIGNER_SECRET" help:"What callers must know."`
	Network   string `default:"regtest" enum:"main,test,signet,regtest" help:"Network of the addresses; the local chain uses regtest's."`
	PerPayout int64  `default:"100000" help:"Most satoshis of one payout."`
	PerDay    int64  `default:"5000000" help:"Most satoshis signed in a UTC day."`
	MaxFee    int64  `default:"20000" help:"Most satoshis of fee of one transaction."`
	OpsListen string `default:"127.0.0.1:9601" env:"HASHYARD_OPS_LISTEN" help:"Loopback address of figures, readiness and profiles; off for none."`
	Traces    `embed:""`
}

// params are the networks' address forms by flag.
func (s *Signer) params() (*chaincfg.Params, error) {
	p, ok := signer.Networks()[s.Network]
	if !ok {
		return nil, hashyard.Invalid.Errorf("--network %q is none of main, test, signet, regtest", s.Network)
	}
	return p, nil
}

// Run serves until ctx ends.
func (s *Signer) Run(ctx context.Context, log *slog.Logger) error {
	net, err := s.params()
	if err != nil {
		return err
	}
	sg, err := signer.New(signer.Config{
		Dir: s.Dir, Network: net, Now: time.Now,
		Limits: signer.Limits{PerPayout: hashyard.Sats(s.PerPayout), PerDay: hashyard.Sats(s.PerDay), MaxFee: hashyard.Sats(s.MaxFee)},
	})
	if err != nil {
		return err
	}
	defer sg.Close()
	l, err := listen(ctx, s.Listen, "--listen")
	if err != nil {
		return err
	}
	o, err := openOps(ctx, "signer", s.Traces, log)
	if err != nil {
		return err
	}
	defer o.close()
	o.check()
	h := telemetry.Mux(o.Registry, o.tracing, tamperSigner(sg, signer.Handler(sg, s.Secret, log)))
	return o.beside(ctx, s.OpsListen, func(ctx context.Context) error {
		log.InfoContext(ctx, "signer ready", "address", sg.Info().Address)
		return serveHTTP(ctx, &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}, l)
	})
}
