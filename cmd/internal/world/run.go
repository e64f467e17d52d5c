package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
)

// Config says which world to run.
type Config struct {
	Dir      string // its folder
	Port     int    // of the browser app; zero means free or the kept one
	Bin      string // the hashyard binary
	Minersim string // the minersim binary
	Search   []string
	Settings Settings
	Out      io.Writer // where the address and the sign-ins are printed
	Log      *slog.Logger
}

// runner is one run of a world.
type runner struct {
	Config
	st       *state
	pg       *database
	children []*child
	mu       sync.Mutex // guards writing world.json
	open     bool       // world.json is written from now on
	opened   bool       // the market has its opening orders
}

// Run starts the world, says where it is, and keeps it until ctx ends.
func Run(ctx context.Context, cfg Config) (err error) {
	if err := cfg.Settings.Check(); err != nil {
		return err
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		return hashyard.Invalid.Errorf("--port %d is outside 0 … 65535", cfg.Port)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return err
	}
	cfg.Dir = dir
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		return hashyard.Invalid.Errorf("the world's folder cannot be made: choose one you can write with --dir: %w", err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := unfinished(dir); err != nil {
		return err
	}
	if err := clearLeft(ctx, dir, cfg.Log); err != nil {
		return err
	}
	r := &runner{Config: cfg}
	if r.st, err = open(dir); err != nil {
		return err
	}
	if err := r.st.choosePorts(cfg.Port, dir); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, stateFile), r.st); err != nil {
		return err
	}
	if r.pg, err = openDatabase(ctx, cfg, r.st.Secrets["app_database"]); err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 40*time.Second)
		defer cancel()
		err = errors.Join(err, r.pg.stop(stop))
		_ = os.Remove(filepath.Join(dir, FileName))
		_ = os.Remove(filepath.Join(dir, pidFile))
	}()
	return r.supervise(ctx)
}

// lock makes sure that one world folder is run once.
func lock(dir string) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return nil, hashyard.Conflict.Errorf("the world in %s belongs to another user: run it as that user, or use another folder with --dir", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, hashyard.Conflict.Errorf("the world in %s runs already (its addresses are in %s); stop it with Ctrl-C where it runs, or use another folder with --dir", dir, filepath.Join(dir, FileName))
	}
	return func() { f.Close() }, nil
}

// supervise starts the children in the order in which they need each other.
func (r *runner) supervise(ctx context.Context) error {
	var stages [][]*child
	for _, build := range []func() ([]*child, error){r.outside, r.yard, r.agents} {
		cs, err := build()
		if err != nil {
			return err
		}
		stages = append(stages, cs)
		r.children = append(r.children, cs...)
	}
	// The stages stop in reverse: agents, yard, outside world, and Postgres
	// after all of them.
	kept, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.pg.keep(kept, r.save)
	}()
	defer func() { stop(); <-done }()
	return r.stage(ctx, stages)
}

// stage runs the first of the stages, within it the next ones, and stops its
// own children only after those have ended.
func (r *runner) stage(ctx context.Context, stages [][]*child) error {
	if len(stages) == 0 {
		return r.ready(ctx)
	}
	own, stopOwn := context.WithCancel(context.WithoutCancel(ctx))
	defer stopOwn()
	running, failed := errgroup.WithContext(own)
	for _, c := range stages[0] {
		running.Go(func() error { return c.run(failed, r.save) })
	}
	inner, stopInner := context.WithCancel(ctx)
	defer stopInner()
	defer context.AfterFunc(failed, stopInner)()
	var err error
	for _, c := range stages[0] {
		if err = c.await(inner, time.Minute); err != nil {
			break
		}
	}
	if err == nil {
		err = r.stage(inner, stages[1:])
	}
	stopOwn()
	if werr := running.Wait(); werr != nil {
		return werr // why a process could not run says more than who noticed
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// ready tells where everything is, and waits for the end.
func (r *runner) ready(ctx context.Context) error {
	r.mu.Lock()
	r.open = true
	r.mu.Unlock()
	r.save()
	r.banner()
	if err := r.openMarket(ctx); err != nil && ctx.Err() == nil {
		r.Log.WarnContext(ctx, "the market has no opening orders", "error", err)
	}
	r.mu.Lock()
	r.opened = true
	r.mu.Unlock()
	r.save()
	<-ctx.Done()
	return nil
}

// save writes world.json once the world is up, and whenever a pid changes.
func (r *runner) save() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := writeJSON(filepath.Join(r.Dir, pidFile), r.pids()); err != nil {
		r.Log.Warn("process ids not written", "error", err)
	}
	if !r.open {
		return
	}
	if err := writeJSON(filepath.Join(r.Dir, FileName), r.describe()); err != nil {
		r.Log.Warn("world.json not written", "error", err)
	}
}

func (r *runner) describe() World {
	w := World{
		URL: r.url("web"), Stratum: r.addr("stratum"),
		Chain:       Chain{URL: r.url("chain"), User: "hashyard", Password: r.st.Secrets["chain"]},
		Stripe:      Stripe{URL: r.url("stripe"), Key: r.st.Secrets["stripe_key"]},
		Miners:      Miners{Control: r.url("minersim"), WebPort: r.st.Ports["minerweb"], User: "root", Password: "root"},
		Sites:       r.st.Sites,
		SignIns:     r.st.Users,
		Houses:      r.st.Houses,
		Keys:        r.st.Keys,
		DatabaseURL: r.pg.owner,
		PIDs:        r.pids(),
		NATS:        NATS{URL: "nats://" + r.addr("nats"), Token: r.st.Secrets["nats"]},
		Ops: map[string]string{
			"serve": r.url("ops"), "signer": r.url("ops_signer"),
			"agent-seller": r.url("ops_agent_seller"), "agent-buyer": r.url("ops_agent_buyer"),
		},
		Opened: r.opened,
		Logs:   filepath.Join(r.Dir, "logs"),
	}
	w.PIDs["run"] = os.Getpid()
	if r.pg.cluster != nil {
		w.PIDs["postgres"] = r.pg.cluster.PID()
	}
	return w
}

// pids are the children that run now.
func (r *runner) pids() map[string]int {
	out := map[string]int{}
	for _, c := range r.children {
		if pid := c.currentPID(); pid != 0 {
			out[c.name] = pid
		}
	}
	return out
}

func (r *runner) addr(port string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.st.Ports[port]))
}

func (r *runner) url(port string) string { return "http://" + r.addr(port) }

// answers probes an HTTP address for any reply below 500.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("%s answers %s", url, resp.Status)
		}
		return nil
	}
}

// banner is what a new user reads first.
func (r *runner) banner() {
	fmt.Fprintf(r.Out, "\nhashyard runs: %s\n\n", r.url("web"))
	fmt.Fprintf(r.Out, "  Sign in as          email                     password       look first at\n")
	for _, u := range r.st.Users {
		fmt.Fprintf(r.Out, "  %-18s  %-24s  %-13s  %s\n", u.Name, u.Email, u.Password, u.Look)
	}
	fmt.Fprintf(r.Out, "\n  Look first: open the address, sign in as %s, choose Market; then `make journey` in\n  another terminal plays one machine the whole way while you watch its life line.\n\n", r.st.Users[5].Name)
	fmt.Fprintf(r.Out, "  Stratum %s · chain RPC %s · payment double %s · hands on machines %s\n", r.addr("stratum"), r.url("chain"), r.url("stripe"), r.url("minersim"))
	for _, s := range r.st.Sites {
		fmt.Fprintf(r.Out, "  %-14s %s (cgminer API on port 4028, vendor pages on %d)\n", s.Name, s.CIDR, r.st.Ports["minerweb"])
	}
	fmt.Fprintf(r.Out, "  Keys, addresses and pids for tools: %s · logs: %s\n  Ctrl-C stops everything; the world goes on where it was. `make reset` forgets it.\n\n",
		filepath.Join(r.Dir, FileName), filepath.Join(r.Dir, "logs"))
}
