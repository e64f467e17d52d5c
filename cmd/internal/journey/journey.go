// Package journey plays one machine the whole way through a running world and
// checks each step from outside: over the public HTTP API, Stratum, the
// miners' own APIs, the chain's RPC, the payment double's API, and the control
// port that stands for people's hands. It knows nothing of the product's code
// but the kernel's types, so that what it finds is what a user would find.
package journey

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"time"

	"hashyard"
	"hashyard/cmd/internal/world"
	"hashyard/pool/node"
)

// Config says which world is travelled.
type Config struct {
	World string // path of world.json
	Out   io.Writer
	// Wait bounds the wait for each thing that must come; zero means 10 min.
	Wait time.Duration
	// Dying says that processes of the world are killed under way. What a
	// kill may change, the order in which news arrive, is then not asked for.
	Dying bool
	// Between, if set, is called before each step with its number: a test
	// breaks there what the world stands on.
	Between func(ctx context.Context, step int) error
}

// machine is one simulated ASIC as its owner knows it.
type machine struct {
	Serial  string   `json:"serial"`
	MAC     string   `json:"mac"`
	Model   string   `json:"model"`
	Boards  []string `json:"boards"`
	Address string   `json:"address"`
	RPCPort int      `json:"rpc_port"`
	WebPort int      `json:"web_port"`

	Slots []struct { // at the time it was last handled
		URL  string `json:"url"`
		User string `json:"user"`
	} `json:"slots"`

	unit  hashyard.ID // as hashyard knows it
	order hashyard.ID // the ask
	trade hashyard.ID
	held  hashyard.Cents
	user  string // as which it mines at the pool
	// secret is its Stratum password, read from its own configuration.
	secret string
}

// play is one journey under way.
type play struct {
	cfg   Config
	w     world.World
	as    map[string]hand // by role, "seller.trader"
	hands hand            // on the machines
	bank  hand            // the payment double
	chain *node.Client

	seller, buyer, house world.House

	good     *machine // an ordinary one
	weak     *machine // reports 100 %, hashes 70 %
	stubborn *machine // keeps its old pool slots

	params     poolView
	instrument hashyard.ID
	price      hashyard.MilliCentsPerTH // what is asked

	wire    *wireMiner  // our own worker at the pool
	worker  hashyard.ID // its id
	blocks  *blocks     // the chain as its RPC tells it
	address string      // where the buyer is paid
	stopped bool        // we have stopped the signer
	altered bool        // we have altered where the buyer is paid
}

// step is one station; run says what was measured.
type step struct {
	name string
	run  func(ctx context.Context) (measured string, err error)
}

func (p *play) steps() []step {
	return []step{
		{"found", p.found},
		{"listed", p.listed},
		{"matched", p.matched},
		{"funded", p.funded},
		{"shipped", p.shipped},
		{"received", p.received},
		{"redirected", p.redirected},
		{"hashing", p.hashing},
		{"proven", p.proven},
		{"released", p.released},
		{"settled", p.settled},
		{"paid out", p.paidOut},
		{"balanced", p.balanced},
	}
}

// Run plays all steps and stops at the first that does not hold.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Wait == 0 {
		cfg.Wait = 10 * time.Minute
	}
	p, err := begin(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.end(ctx)
	steps := p.steps()
	for i, s := range steps {
		if cfg.Between != nil {
			if err := cfg.Between(ctx, i+1); err != nil {
				return err
			}
		}
		began := time.Now()
		measured, err := s.run(ctx)
		if err != nil {
			fmt.Fprintf(cfg.Out, "%2d  %-10s  DOES NOT HOLD  %v\njourney: %d/%d steps\n", i+1, s.name, err, i, len(steps))
			return fmt.Errorf("journey stopped at step %d (%s): %w", i+1, s.name, err)
		}
		fmt.Fprintf(cfg.Out, "%2d  %-10s  %s  (%.1f s)\n", i+1, s.name, measured, time.Since(began).Seconds())
	}
	fmt.Fprintf(cfg.Out, "journey: %d/%d steps\n", len(steps), len(steps))
	return nil
}

// begin reads the world and plugs in the machines of this journey.
func begin(ctx context.Context, cfg Config) (*play, error) {
	w, err := opened(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p := &play{cfg: cfg, w: w, as: map[string]hand{}, hands: open(w.Miners.Control), bank: bearer(w.Stripe.URL, w.Stripe.Key)}
	for role, key := range w.Keys {
		p.as[role] = bearer(w.URL, key)
	}
	if p.chain, err = node.New(node.Config{URL: w.Chain.URL, User: w.Chain.User, Password: w.Chain.Password}); err != nil {
		return nil, err
	}
	p.blocks = newBlocks(p.chain)
	// A journey that was cut short may have left the signer stopped.
	if err := p.signal(syscall.SIGCONT); err != nil {
		return nil, err
	}
	for slug, h := range map[string]*world.House{"seller": &p.seller, "buyer": &p.buyer, "house": &p.house} {
		if *h, err = w.Org(slug); err != nil {
			return nil, err
		}
	}
	stamp := hashyard.NewID().String()[9:18]
	for _, m := range []struct {
		into **machine
		name string
		site string
	}{{&p.good, "traveller-", "seller"}, {&p.weak, "liar-", "seller"}, {&p.stubborn, "stubborn-", "buyer"}} {
		*m.into = new(machine)
		in := map[string]any{"name": m.name + stamp, "dialect": "antminer", "site": m.site}
		if err := p.hands.post(ctx, "/machines", in, *m.into); err != nil {
			return nil, fmt.Errorf("plug in a machine at the %s's site (does the world of %s still run?): %w", m.site, cfg.World, err)
		}
	}
	if err := p.as["buyer.operator"].get(ctx, "/api/v1/pool", &p.params); err != nil {
		return nil, err
	}
	if err := p.clear(ctx); err != nil {
		return nil, err
	}
	return p, p.bePaid(ctx)
}

// opened is the world once its market has opened: it might put the journey's
// machine up for sale else.
func opened(ctx context.Context, cfg Config) (w world.World, err error) {
	err = until(ctx, cfg.Wait, func() error {
		if w, err = world.Load(cfg.World); err == nil && !w.Opened {
			err = notYet("the world is opening its market")
		}
		return err
	})
	return w, err
}

// clear takes back orders that an unfinished journey left in the book: what
// rests near a journey's first price. Everybody else's stay.
func (p *play) clear(ctx context.Context) error {
	for _, role := range []string{"seller.trader", "buyer.trader"} {
		var page list[orderView]
		if err := p.as[role].get(ctx, "/api/v1/orders?limit=500", &page); err != nil {
			return err
		}
		for _, o := range page.Items {
			if o.State != openOrder || o.Price < firstPrice-over || o.Price > firstPrice+over {
				continue
			}
			if err := p.as[role].do(ctx, "DELETE", "/api/v1/orders/"+o.ID.String(), nil, nil); err != nil && !refused(err, 404, 409) {
				return err
			}
		}
	}
	return nil
}

// end puts right what a journey that stopped half way has left, and takes the
// machines that have nothing more to do off the power. What cannot be done
// now the next journey does, or the world lives with it.
func (p *play) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if p.stopped {
		_ = p.signal(syscall.SIGCONT)
	}
	if p.altered {
		_ = p.setAddress(ctx)
	}
	if p.wire != nil {
		p.wire.close()
	}
	p.chain.Close()
	for _, m := range []*machine{p.weak, p.stubborn} {
		_, _, _, _ = p.hands.once(ctx, "POST", "/machines/"+m.Serial+"/unplug", "application/json", hashyard.NewID().String(), []byte("{}"))
	}
}

// signal reaches the signer's process, which has a pid of its own after every
// start.
func (p *play) signal(sig syscall.Signal) error {
	w, err := world.Load(p.cfg.World)
	if err != nil {
		return err
	}
	pid := w.PIDs["signer"]
	if pid <= 0 {
		return hashyard.NotFound.Errorf("%s names no pid of the signer", p.cfg.World)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		return fmt.Errorf("signal %v to the signer, pid %d: %w", sig, pid, err)
	}
	p.stopped = sig == syscall.SIGSTOP
	return nil
}

// list is a page of the API.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}
