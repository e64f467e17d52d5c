package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hashyard/brokerage/treasury/signer"
	"hashyard/pool/node"
)

// ports says of each of our addresses whether it is free, or who has it.
func ports(_ context.Context, cfg Config, p *part) {
	named := []struct{ what, addr, flag string }{
		{"browser app", cfg.Listen, "HASHYARD_LISTEN"}, {"Stratum", cfg.Stratum, "HASHYARD_STRATUM"}, {"figures", cfg.Ops, "HASHYARD_OPS_LISTEN"},
	}
	looked := false
	for _, n := range named {
		if n.addr == "" || n.addr == "off" {
			continue
		}
		looked = true
		l, err := net.Listen("tcp", n.addr)
		switch {
		case err == nil:
			l.Close()
			if cfg.Stopped {
				p.good("%s: %s is free", n.what, n.addr)
			} else {
				p.bad("start serve", "%s: nobody listens on %s", n.what, n.addr)
			}
		case errors.Is(err, syscall.EADDRINUSE):
			who := holder(n.addr)
			if strings.Contains(who, "hashyard") && !cfg.Stopped {
				p.good("%s: %s, held by %s", n.what, n.addr, who)
			} else {
				p.bad("stop that program, or choose another address with "+n.flag, "%s: %s is taken by %s", n.what, n.addr, who)
			}
		case errors.Is(err, syscall.EACCES):
			p.bad("choose a port above 1023, or give the unit CAP_NET_BIND_SERVICE", "%s: this user may not listen on %s", n.what, n.addr)
		default:
			p.bad("set "+n.flag+" like 127.0.0.1:8080", "%s: %v", n.what, err)
		}
	}
	if !looked {
		p.left("ports (HASHYARD_LISTEN, HASHYARD_STRATUM)")
	}
}

// holder names the program that listens on an address, as far as Linux tells
// this user.
func holder(addr string) string {
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "another program"
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "another program"
	}
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(b), "\n") {
			f := strings.Fields(line) // sl local rem st … inode; 0A is listening
			if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // only a malformed pattern errs
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && inodes[to] {
			pid := strings.Split(link, "/")[2]
			cmd, _ := os.ReadFile("/proc/" + pid + "/cmdline") // gone already: a bare number
			words := strings.Split(strings.TrimRight(string(cmd), "\x00"), "\x00")
			return strings.TrimSpace("process " + pid + " " + filepath.Base(words[0]) + " " + strings.Join(words[1:min(2, len(words))], ""))
		}
	}
	return "a program of another user"
}

// yard asks a running serve how it is.
func yard(ctx context.Context, cfg Config, p *part) {
	if cfg.Listen == "" || cfg.Stopped {
		p.left("the running yard")
		return
	}
	base := "http://" + cfg.Listen
	err := getJSON(ctx, base+"/readyz", nil, new(json.RawMessage))
	if err != nil {
		p.bad("see serve's log; `hashyard doctor` tells of what it needs", "the yard is not ready: %v", err)
		return
	}
	p.good("the yard at %s is ready", base)
}

// getJSON reads a small answer.
func getJSON(ctx context.Context, url string, head http.Header, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	for k := range head {
		req.Header.Set(k, head.Get(k))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %.300s", resp.Status, strings.TrimSpace(string(b)))
	}
	return json.Unmarshal(b, v)
}

// chain asks the Bitcoin node.
func chain(ctx context.Context, cfg Config, p *part) {
	if cfg.ChainURL == "" || cfg.Stopped && cfg.LocalChain {
		p.left("the Bitcoin node (HASHYARD_CHAIN_URL, or it is part of a stopped yard)")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	c, err := node.New(node.Config{URL: cfg.ChainURL, User: cfg.ChainUser, Password: cfg.ChainPassword})
	if err != nil {
		p.bad("set HASHYARD_CHAIN_URL like http://127.0.0.1:8332", "the node's address: %v", err)
		return
	}
	defer c.Close()
	network, err := c.Network(ctx)
	if err != nil {
		p.bad("start the node, or put its address, user and password right", "the node at %s: %v", cfg.ChainURL, err)
		return
	}
	info, err := c.ChainInfo(ctx)
	if err != nil {
		p.bad("see the node's log", "the node at %s: %v", cfg.ChainURL, err)
		return
	}
	if info.InitialSync {
		p.bad("wait until it has caught up: mining on an old tip earns nothing", "the node still downloads the chain (block %d of %d)", info.Blocks, info.Headers)
	}
	tip(ctx, c, info, network, p)
	if n, err := c.NetworkInfo(ctx); err == nil && !cfg.LocalChain && n.Connections < 4 {
		p.bad("look at the node's connections: it hears of blocks late, and its own are heard late", "the node has %d peers", n.Connections)
	}
}

// tip says how old the newest block is: half a day without one on a real
// network, or twenty times its spacing, is a node that hears nothing.
func tip(ctx context.Context, c *node.Client, info node.ChainInfo, network node.Network, p *part) {
	h, err := c.BlockHeader(ctx, info.BestHash)
	if err != nil {
		p.bad("see the node's log", "the newest block cannot be read: %v", err)
		return
	}
	age := time.Since(h.Time).Round(time.Second)
	if most := max(20*network.Spacing, 2*time.Hour); network.Real() && age > most {
		p.bad("look at the node's connections and clock", "network %s: block %d is %v old", network.Name, info.Blocks, age)
		return
	}
	p.good("network %s, block %d, %v old", network.Name, info.Blocks, age)
}

// signing asks the signer.
func signing(ctx context.Context, cfg Config, p *part) {
	if cfg.SignerURL == "" || cfg.Stopped {
		p.left("the signer (HASHYARD_SIGNER_URL)")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if u, err := url.Parse(cfg.SignerURL); err == nil && u.Scheme == "http" {
		if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
			p.warn("reach it through a tunnel or on the same machine", "the signer's secret crosses the network in the clear to %s", u.Host)
		}
	}
	info, err := signer.NewClient(cfg.SignerURL, cfg.SignerSecret).Info(ctx)
	if err != nil {
		p.bad("start `hashyard signer`, and give both the same HASHYARD_SIGNER_SECRET; payouts wait until then", "the signer at %s: %v", cfg.SignerURL, err)
		return
	}
	p.good("key for %s on %s; at most %d sat a payout, %d sat a day, %d sat of fee", info.Address, info.Network,
		info.Limits.PerPayout, info.Limits.PerDay, info.Limits.MaxFee)
	if info.Limits.PerPayout > info.Limits.PerDay {
		p.warn("raise --per-day or lower --per-payout of the signer", "one payout may be larger than what may be paid in a day: it would wait for ever")
	}
}

// stripeAPI is where Stripe itself answers.
const stripeAPI = "https://api.stripe.com"

// payments looks at the shape of Stripe's settings, and asks it who we are.
func payments(ctx context.Context, cfg Config, p *part) {
	if cfg.StripeKey == "" {
		p.left("Stripe (HASHYARD_STRIPE_KEY)")
		return
	}
	live := strings.HasPrefix(cfg.StripeKey, "sk_live_") || strings.HasPrefix(cfg.StripeKey, "rk_live_")
	test := strings.HasPrefix(cfg.StripeKey, "sk_test_") || strings.HasPrefix(cfg.StripeKey, "rk_test_")
	switch {
	case !live && !test:
		p.bad("use the secret key of Stripe's dashboard, sk_test_… or sk_live_…", "HASHYARD_STRIPE_KEY is no secret key of Stripe's")
	case live && !cfg.StripeLive:
		p.bad("set HASHYARD_STRIPE_LIVE to move real money, or use a test key", "the key moves real money, the settings say that none is moved")
	case test && cfg.StripeLive:
		p.bad("use the live key, or unset HASHYARD_STRIPE_LIVE", "the key is for tests, the settings say that real money is moved")
	case live && cfg.StripeURL != "":
		p.bad("unset HASHYARD_STRIPE_URL", "a live key would be sent to %s", cfg.StripeURL)
	default:
		p.good("the key fits: real money is moved: %t", live)
	}
	if !strings.HasPrefix(cfg.StripeWebhookSecret, "whsec_") {
		p.bad("use the signing secret of the webhook's page, whsec_…", "HASHYARD_STRIPE_WEBHOOK_SECRET is no signing secret of Stripe's: every event would be refused")
	}
	if cfg.StripeURL != "" {
		if cfg.Stopped {
			return
		}
		if err := getJSON(ctx, cfg.StripeURL+"/_double/state", nil, new(json.RawMessage)); err != nil {
			p.bad("start `hashyard stripe-double`", "the payment double at %s: %v", cfg.StripeURL, err)
		} else {
			p.good("the payment double at %s answers", cfg.StripeURL)
		}
		return
	}
	var account struct {
		ID      string `json:"id"`
		Charges bool   `json:"charges_enabled"`
		Payouts bool   `json:"payouts_enabled"`
	}
	if err := getJSON(ctx, stripeAPI+"/v1/account", http.Header{"Authorization": {"Bearer " + cfg.StripeKey}}, &account); err != nil {
		p.bad("look at the key, and whether this machine reaches "+stripeAPI, "Stripe does not know us: %v", err)
	} else if !account.Charges || !account.Payouts {
		p.bad("finish the account in Stripe's dashboard", "account %s may charge: %t, be paid out: %t", account.ID, account.Charges, account.Payouts)
	} else {
		p.good("account %s may charge and be paid out", account.ID)
	}
}

// mail greets the mail server.
func mail(ctx context.Context, cfg Config, p *part) {
	if cfg.SMTPURL == "" {
		p.left("the mail server (HASHYARD_SMTP_URL): mails are put into the serve folder")
		return
	}
	u, err := url.Parse(cfg.SMTPURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		p.bad("set HASHYARD_SMTP_URL like smtp://user:password@host:587", "the mail server's address cannot be read")
		return
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		p.bad("put the address right, or open the firewall", "the mail server: %v", err)
		return
	}
	defer conn.Close()
	if u.Scheme == "smtps" {
		p.good("the mail server at %s can be reached", u.Hostname())
		return
	}
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.bad("", "the mail server: %v", err)
		return
	}
	greeting := make([]byte, 4)
	if _, err := io.ReadFull(conn, greeting); err != nil || string(greeting[:3]) != "220" {
		p.bad("is it a mail server?", "%s does not greet like a mail server (%q, %v)", net.JoinHostPort(u.Hostname(), port), greeting, err)
		return
	}
	p.good("the mail server at %s greets", u.Hostname())
}
