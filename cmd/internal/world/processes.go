package world

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"

	"hashyard"
)

// process prepares a child of the hashyard binary.
func (r *runner) process(name string, ready string, env []string, args ...string) *child {
	return &child{
		name: name, bin: r.Bin, args: args, env: env, ready: answers(ready),
		dir: r.Dir, log: r.Log, most: r.Settings.RestartWait, up: make(chan struct{}), ended: make(chan struct{}),
	}
}

// outside is the world that hashyard does not own: the key, the bank, and the
// machines.
func (r *runner) outside() ([]*child, error) {
	signer := r.process("signer", r.url("signer")+"/livez",
		[]string{"HASHYARD_SIGNER_SECRET=" + r.st.Secrets["signer"]},
		"signer", "--ops-listen", r.addr("ops_signer"), "--listen", r.addr("signer"), "--dir", filepath.Join(r.Dir, "signer"))
	stripe := r.process("stripe", r.url("stripe")+"/_double/state",
		[]string{
			"HASHYARD_STRIPE_KEY=" + r.st.Secrets["stripe_key"],
			"HASHYARD_STRIPE_WEBHOOK_SECRET=" + r.st.Secrets["stripe_webhook"],
		},
		"stripe-double", "--listen", r.addr("stripe"), "--dir", filepath.Join(r.Dir, "stripe"),
		"--webhook-url", r.url("web")+"/api/v1/webhooks/stripe")
	sim, err := r.minersim()
	if err != nil {
		return nil, err
	}
	return []*child{signer, stripe, sim}, nil
}

// yard is hashyard itself.
func (r *runner) yard() ([]*child, error) {
	seed := filepath.Join(r.Dir, "seed.json")
	if err := writeJSON(seed, Seed{Houses: r.st.Houses, Users: r.st.Users, Keys: r.st.Keys, Sites: r.st.Sites, Machines: r.url("minersim") + "/machines"}); err != nil {
		return nil, err
	}
	env := append(r.Settings.env(),
		"HASHYARD_DATABASE_URL="+r.pg.app,
		"HASHYARD_CHAIN_PASSWORD="+r.st.Secrets["chain"],
		"HASHYARD_STRIPE_KEY="+r.st.Secrets["stripe_key"],
		"HASHYARD_STRIPE_WEBHOOK_SECRET="+r.st.Secrets["stripe_webhook"],
		"HASHYARD_SIGNER_SECRET="+r.st.Secrets["signer"],
		"HASHYARD_POOL_KEY="+r.st.Secrets["pool_key"],
		"HASHYARD_NATS_TOKEN="+r.st.Secrets["nats"],
	)
	serve := r.process("serve", r.url("web")+"/readyz", env,
		"serve", "--ops-listen", r.addr("ops"), "--nats-listen", r.addr("nats"), "--listen", r.addr("web"), "--dir", filepath.Join(r.Dir, "serve"), "--seed", seed,
		"--stratum", r.addr("stratum"), "--stratum-url", "stratum+tcp://"+r.addr("stratum"),
		"--chain-url", r.url("chain"), "--chain-user", "hashyard", "--devchain",
		"--stripe-url", r.url("stripe"), "--signer-url", r.url("signer"))
	return []*child{serve}, nil
}

// agents are the two programs at the sites.
func (r *runner) agents() ([]*child, error) {
	var cs []*child
	for _, s := range r.st.Sites {
		slug := ""
		for _, h := range r.st.Houses {
			if h.ID == s.Org {
				slug = h.Slug
			}
		}
		c := r.process("agent-"+slug, "",
			[]string{"HASHYARD_AGENT_KEY=" + r.st.Keys[slug+".agent"]},
			"agent", "--ops-listen", r.addr("ops_agent_"+slug), "--yard", r.url("web"), "--site", s.ID.String(), "--cidr", s.CIDR.String(), "--allow-loopback",
			"--dir", filepath.Join(r.Dir, "agent-"+slug), "--web-port", strconv.Itoa(r.st.Ports["minerweb"]),
			"--user", "root", "--password", "root")
		c.ready = r.agentOnline(slug, s.ID)
		cs = append(cs, c)
	}
	return cs, nil
}

// agentOnline asks the yard whether it hears the site's agent.
func (r *runner) agentOnline(slug string, site hashyard.ID) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url("web")+"/api/v1/sites", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+r.st.Keys[slug+".operator"])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var page struct {
			Items []struct {
				ID     hashyard.ID `json:"id"`
				Online bool        `json:"agent_online"`
			} `json:"items"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
			return err
		}
		for _, s := range page.Items {
			if s.ID == site && s.Online {
				return nil
			}
		}
		return hashyard.Unavailable.Errorf("the yard has not heard the agent of %s", slug)
	}
}
