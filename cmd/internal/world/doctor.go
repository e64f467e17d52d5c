package world

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"hashyard"
	"hashyard/cmd/internal/doctor"
)

// Examine tells the doctor about a world, running or stopped. A stopped one's
// database is started for the look.
func Examine(ctx context.Context, p Place) (r doctor.Report, err error) {
	if p.Dir, err = filepath.Abs(p.Dir); err != nil {
		return r, err
	}
	if _, err := os.Stat(filepath.Join(p.Dir, stateFile)); err != nil {
		return r, hashyard.NotFound.Errorf("no world in %s: start one with `make run`, or name a real installation by its settings", p.Dir)
	}
	st, err := open(p.Dir)
	if err != nil {
		return r, err
	}
	run := &runner{Config: Config{Dir: p.Dir}, st: st}
	cfg := doctor.Config{
		ServeDir: filepath.Join(p.Dir, "serve"), SignerDir: filepath.Join(p.Dir, "signer"),
		Listen: run.addr("web"), Stratum: run.addr("stratum"), Ops: run.addr("ops"), PoolKey: st.Secrets["pool_key"],
		ChainURL: run.url("chain"), ChainUser: "hashyard", ChainPassword: st.Secrets["chain"], LocalChain: true,
		SignerURL: run.url("signer"), SignerSecret: st.Secrets["signer"],
		StripeURL: run.url("stripe"), StripeKey: st.Secrets["stripe_key"], StripeWebhookSecret: st.Secrets["stripe_webhook"],
		Log: p.Log,
	}
	unlock, err := lock(p.Dir)
	if errors.Is(err, hashyard.Conflict) {
		w, err := Load(filepath.Join(p.Dir, FileName))
		if err != nil {
			return r, err
		}
		cfg.OwnerURL = w.DatabaseURL
		if cfg.DatabaseURL, err = appURL(w.DatabaseURL, st.Secrets["app_database"]); err != nil {
			return r, err
		}
		return doctor.Examine(ctx, cfg), nil
	}
	if err != nil {
		return r, err
	}
	defer unlock()
	cfg.Stopped = true
	err = p.database(ctx, func(owner string) error {
		cfg.OwnerURL = owner
		if cfg.DatabaseURL, err = appURL(owner, st.Secrets["app_database"]); err != nil {
			return err
		}
		r = doctor.Examine(ctx, cfg)
		return nil
	})
	return r, err
}
