package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/market"
	brokeragepg "hashyard/brokerage/postgres"
	"hashyard/brokerage/stripe"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
	"hashyard/cmd/internal/telemetry"
	"hashyard/fleet"
	fleetpg "hashyard/fleet/postgres"
	"hashyard/inventory"
	inventorypg "hashyard/inventory/postgres"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/dispatch"
	"hashyard/pool/edge"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
	"hashyard/pool/node"
	poolpg "hashyard/pool/postgres"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
	"hashyard/web"
	"hashyard/web/hooks"
	"hashyard/web/notify"
	webpg "hashyard/web/postgres"
	"hashyard/web/relay"
	"hashyard/web/verify"
)

// house is everything one `serve` process runs.
type house struct {
	flags *Serve
	log   *slog.Logger
	ops   *ops
	id    hashyard.ID // the organisation that runs the yard

	db      *pg.DB
	nodes   *node.Nodes
	node    *node.Client // whichever is best
	network node.Network
	// closeNodes drops the connections to all nodes.
	closeNodes func()
	shares     *sharelog.Log
	signer     treasury.Signer

	books      *brokeragepg.Store
	fleetStore *fleetpg.Store

	web        *web.Service
	keeper     *webpg.Store
	verify     *verify.Service
	hooks      *hooks.Service
	hookSender *hooks.Sender
	seal       *notify.Seal
	carrier    notify.Carrier
	letters    *notify.Folder // nil with a mail server
	broker     *web.Broker
	live       *relay.Relay
	inventory  *inventory.Service
	fleet      *fleet.Service
	market     *market.Market
	brokerage  *brokerage.Service
	treasury   *treasury.Service
	pool       *pool.Service
	consumer   *sharelog.Consumer
	stratum    *stratum.Server
	hub        *edge.Hub // nil without edges
	dispatch   *dispatch.Dispatcher
}

// build makes the parts and joins them; nothing runs yet.
func (h *house) build(ctx context.Context, key signer.Info) error {
	h.broker = web.NewBroker(4096)
	h.keeper = webpg.New(h.db)
	post, err := h.mail(h.log)
	if err != nil {
		return err
	}
	if h.web, err = h.flags.people(h.keeper, post, h.log); err != nil {
		return err
	}
	h.verify = verify.New(verify.Config{Store: h.keeper, Log: h.log})
	h.outgoing()
	if h.flags.Seed == "" {
		org, err := h.web.House(ctx)
		if err != nil {
			return fmt.Errorf("which organisation runs this yard? Make it with `hashyard found --house`: %w", err)
		}
		h.id = org.ID
	}
	n := &names{orgs: h.web}
	h.inventory = inventory.New(inventory.Config{Store: tamperInventory(inventorypg.New(h.db)), Names: n, GS1: h.flags.GS1Prefix, Log: h.log})
	if err := h.buildPool(key); err != nil {
		return err
	}
	h.fleetStore = fleetpg.New(h.db)
	var workers fleet.Workers = noWorkers{}
	if h.leads() {
		workers = fleetWorkers{h.pool}
	}
	h.fleet, err = fleet.New(fleet.Config{
		Store: h.fleetStore, Units: fleetUnits{h.inventory}, Workers: workers, Counted: fleetCounted{h.pool}, Pause: h.flags.CommandPause,
		SealKey: sha256.Sum256([]byte("fleet seal " + h.flags.PoolKey)), Log: h.log,
	})
	if err != nil {
		return err
	}
	n.sites = h.fleet
	return h.buildMoney(n, key)
}

// buildPool joins edge, accounting and job making, which need each other.
func (h *house) buildPool(key signer.Info) error {
	m := h.flags.Mining
	script, err := hex.DecodeString(key.Script)
	if err != nil {
		return fmt.Errorf("treasury script of the signer: %w", err)
	}
	url := m.StratumURL
	if url == "" {
		url = "stratum+tcp://" + h.flags.Stratum
	}
	var shares pool.Log = noShares{}
	if h.leads() {
		shares = allShares{h}
	}
	store := poolpg.New(h.db)
	h.pool, err = pool.New(pool.Config{
		Store: store, Log: shares, Chain: tamperChain(poolChain{h.node, h.network.Subsidy}), Nominals: nominals{h.inventory}, Readings: readings{h},
		URL: url, ServerKey: []byte(m.PoolKey), Network: h.network.Name, Scale: h.network.WorkScale,
		SettlementPeriod: m.SettlementPeriod, Grace: m.grace(), FeePPM: m.FeePPM, FeeMethod: fpps.Method(m.FeeMethod), FeeWindow: m.FeeWindow, FeeEvery: m.FeeEvery,
		SharesPerMinute: m.Shares, ProofPerMinute: m.ProofShares, MeasureEvery: m.MeasureEvery,
		Confirmations: h.network.Maturity, Work: h.work(), Logger: h.log,
	})
	if err != nil || !h.leads() {
		return err
	}
	h.consumer = sharelog.NewConsumer(sharelog.ConsumerConfig{Log: h.shares, Checkpoint: h.pool.Checkpoint, Logger: h.log})
	cfg := stratum.Config{
		Auth: shedding{h.pool, h.shares.Behind}, Log: tamperShares(h.shares), PerMinute: m.Shares,
		Start: startDifficulty(h.network.WorkScale), Floor: leastDifficulty(h.network.WorkScale),
		Found:  func(c job.Candidate) { h.dispatch.Found(c) },
		Hooks:  stratum.Hooks{Opened: h.sessionOpened, Interrupted: h.pool.Interrupt, Judged: telemetry.Shares(h.ops.Registry)},
		Logger: h.log,
	}
	if err := h.flags.Ports.set(&cfg, h.log); err != nil {
		return err
	}
	if h.stratum, err = stratum.Open(cfg); err != nil {
		return err
	}
	if err := h.openHub(store, edge.Settings{Start: cfg.Start, Floor: cfg.Floor, PerMinute: cfg.PerMinute}); err != nil {
		return err
	}
	all := everywhere{h.stratum, h.hub}
	h.pool.SetEdge(all)
	h.dispatch, err = dispatch.New(dispatch.Config{
		Nodes: h.nodes, Edge: all, Epochs: h.pool, Blocks: h.pool, Script: script, Tag: coinbaseTag, Logger: h.log,
	})
	return err
}

// startDifficulty of machines nobody knows: difficulty 1,024 in displayed
// terms, so that a scaled world starts as far down as its hashes are.
func startDifficulty(scale hashyard.Scale) hashyard.Difficulty {
	return max(hashyard.Difficulty(1024<<32)/hashyard.Difficulty(scale), 1<<16)
}

// leastDifficulty is what no wish gets below: a 64th of the first one, which
// lets a machine a thousand times slower than the usual find its shares and
// keeps a fast one from flooding the pool with its first wish.
func leastDifficulty(scale hashyard.Scale) hashyard.Difficulty {
	return max(startDifficulty(scale)/64, 1)
}

// buildMoney joins the market with both rails.
func (h *house) buildMoney(n *names, key signer.Info) error {
	f := h.flags
	rail, err := stripe.New(stripe.Config{
		Key: f.StripeKey, WebhookSecret: f.StripeWebhookSecret, URL: f.StripeURL, Live: f.StripeLive, Logger: h.log,
		HTTP: &http.Client{Timeout: 30 * time.Second, Transport: h.ops.to("stripe")(http.DefaultTransport)},
	})
	if err != nil {
		return err
	}
	store := brokeragepg.New(h.db)
	h.books = store
	figures := telemetry.NewMarket(h.ops.Registry)
	h.market = market.New(market.Config{
		Journal: tamperJournal(store), Lead: h.db.Lead, Log: h.log, Carry: h.ops.carry, Observe: figures.Observe, OnTrades: figures.OnTrades,
		OnChange: func(instrument hashyard.ID, seq int64) {
			msg := map[string]any{"instrument": instrument, "seq": seq}
			if err := h.broker.PublishAll("book", msg); err != nil {
				h.log.Warn("book change not published", "error", err)
			}
		},
	})
	var orders brokerage.Market = h.market
	if !h.leads() {
		orders = elsewhere{}
	}
	h.brokerage = brokerage.New(brokerage.Config{
		House: h.id, Orders: store, Trades: store, Ledger: tamperLedger(store), Market: orders, Rail: tamperRail(rail),
		Reserver: tamperReserver(reserver{h.inventory}), Conditions: h.fleet, Orgs: n, Serials: serials{h.inventory}, Gate: h.verify, Now: time.Now, Log: h.log,
		MayPay: func(ctx context.Context) error { return h.treasury.MayPay(ctx) },
	})
	params, err := addressForms(h.network, key)
	if err != nil {
		return err
	}
	h.signer = telemetry.Signer(h.ops.Registry, f.signer().Through(h.ops.to("signer")))
	h.treasury, err = treasury.New(treasury.Config{
		Store: store.Treasury(), Chain: treasuryChain{h.node}, Signer: h.signer, Network: params,
		Rules:     treasury.Rules{House: h.id, Maturity: h.network.Maturity, Tag: coinbaseTag},
		Birth:     f.birth(f.Devchain || h.network.WorkScale != 1),
		Threshold: f.threshold(), Confirmations: f.Confirmations, Every: time.Second, Log: h.log,
		Dollars: railBalance{rail}, Unspent: treasuryChain{h.node}.unspent, Orgs: n,
	})
	return err
}

// coinbaseTag marks the blocks of our pool, to miners and to the treasury.
const coinbaseTag = "/hashyard/"

// addressForms are those of the node's network, which the signer must share.
func addressForms(n node.Network, key signer.Info) (*chaincfg.Params, error) {
	for _, p := range signer.Networks() {
		if p.Bech32HRPSegwit == n.HRP && p.PubKeyHashAddrID == n.PubKeyHashID && p.Name == key.Network {
			return p, nil
		}
	}
	return nil, hashyard.Invalid.Errorf("the signer's key is for network %s, the node is on %s: start the signer with the right --network", key.Network, n.Name)
}
