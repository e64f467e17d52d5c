package world

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"hashyard"
	"hashyard/web"
)

// state is what a world keeps between starts: identities, secrets and where
// things listen.
type state struct {
	Houses  []House           `json:"organisations"`
	Users   []User            `json:"users"`
	Keys    map[string]string `json:"keys"`
	Sites   []Site            `json:"sites"`
	Secrets map[string]string `json:"secrets"`
	Ports   map[string]int    `json:"ports"`
}

const stateFile = "state.json"

// The world's listeners. A fixed one is written into machines and cannot move.
var ports = []struct {
	name  string
	fixed bool
}{
	{"web", false},
	{"stratum", true},
	{"chain", false},
	{"stripe", false},
	{"signer", false},
	{"minersim", false},
	{"minerweb", true},
	{"nats", false},
	{"ops", false},
	{"ops_signer", false},
	{"ops_agent_seller", false},
	{"ops_agent_buyer", false},
}

// secretNames are generated once for a world.
var secretNames = []string{"chain", "stripe_key", "stripe_webhook", "pool_key", "signer", "app_database", "session", "nats"}

// roles of the world's people, with what each should look at first.
var roles = []struct {
	slug string
	role hashyard.Role
	look string
}{
	{"seller", hashyard.Trader, "Market: list a machine"},
	{"seller", hashyard.Operator, "Fleet: machines at the seller's site"},
	{"seller", hashyard.Logistics, "Logistics: pack by scanning"},
	{"seller", hashyard.Owner, "Money: what was paid out"},
	{"seller", hashyard.Viewer, "A machine's life line"},
	{"buyer", hashyard.Trader, "Market: buy by keyboard"},
	{"buyer", hashyard.Operator, "Fleet: redirects and readings"},
	{"buyer", hashyard.Logistics, "Logistics: receive by scanning"},
	{"buyer", hashyard.Owner, "Pool: earnings and the payout address"},
	{"buyer", hashyard.Viewer, "A machine's life line"},
	{"house", hashyard.Desk, "Every trade, dispute and order"},
	{"house", hashyard.Treasury, "Payouts and the trial balance"},
}

// open reads the world's state, or invents a new one.
func open(dir string) (*state, error) {
	path := filepath.Join(dir, stateFile)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		st, err := invent()
		if err != nil {
			return nil, err
		}
		return st, writeJSON(path, st)
	case err != nil:
		return nil, fmt.Errorf("world: %w", err)
	}
	st := new(state)
	if err := json.Unmarshal(b, st); err != nil {
		return nil, hashyard.Invalid.Errorf("%s is damaged; `make reset` forgets the world: %w", path, err)
	}
	for _, n := range secretNames { // one that came later than the world
		if st.Secrets[n] == "" {
			st.Secrets[n] = secret(32)
		}
	}
	st.equip()
	return st, nil
}

// equip gives people what they came to need since the world was made.
func (st *state) equip() {
	for i, u := range st.Users {
		if u.TOTP == "" && web.NeedsFactor([]hashyard.Role{u.Role}) {
			st.Users[i].TOTP = web.NewTOTPSecret()
		}
	}
}

func invent() (*state, error) {
	st := &state{Keys: map[string]string{}, Secrets: map[string]string{}, Ports: map[string]int{}}
	st.Houses = []House{
		{ID: hashyard.NewID(), Name: "Seller A", Slug: "seller"},
		{ID: hashyard.NewID(), Name: "Buyer B", Slug: "buyer"},
		{ID: hashyard.NewID(), Name: "hashyard", Slug: "house", House: true},
	}
	for _, n := range secretNames {
		st.Secrets[n] = secret(32)
	}
	st.Secrets["stripe_key"] = "sk_test_" + secret(24)
	st.Secrets["stripe_webhook"] = "whsec_" + secret(32)
	password := "yard-" + secret(8)
	for _, r := range roles {
		h := st.house(r.slug)
		st.Users = append(st.Users, User{
			Org: h.ID, OrgName: h.Name, Role: r.role, Look: r.look, Password: password,
			Name:  h.Name + " " + string(r.role),
			Email: fmt.Sprintf("%s@%s.local", r.role, r.slug),
		})
		st.Keys[r.slug+"."+string(r.role)], _ = web.NewKey()
	}
	st.equip()
	for _, slug := range []string{"seller", "buyer"} {
		h := st.house(slug)
		st.Keys[slug+".agent"], _ = web.NewKey()
		net, err := freeNet(st.Sites)
		if err != nil {
			return nil, err
		}
		st.Sites = append(st.Sites, Site{ID: hashyard.NewID(), Org: h.ID, Name: h.Name + " site", CIDR: net})
	}
	return st, nil
}

func (st *state) house(slug string) House {
	for _, h := range st.Houses {
		if h.Slug == slug {
			return h
		}
	}
	return House{}
}

// secret is n characters of lower-case base32, five bits each.
func secret(n int) string {
	b := make([]byte, (n*5+7)/8)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:n]
}

// choosePorts keeps the ports of the last start where they are free.
func (st *state) choosePorts(web int, dir string) error {
	if web != 0 {
		st.Ports["web"] = web
	}
	for _, p := range ports {
		have := st.Ports[p.name]
		err := tryPort(have)
		if have != 0 && err == nil {
			continue
		}
		if have != 0 && errors.Is(err, syscall.EACCES) {
			return hashyard.Invalid.Errorf("port %d needs rights this user lacks: choose one above 1023 with --port", have)
		}
		if have != 0 && !errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("port %d (%s): %w", have, p.name, err)
		}
		if have != 0 && (p.fixed || p.name == "web" && web != 0) {
			what := "choose another with --port"
			if p.fixed {
				what = fmt.Sprintf("or forget the world, whose machines know this port, with `hashyard reset --dir %s`", dir)
			}
			return hashyard.Conflict.Errorf("port %d (%s) is taken by another program: stop that program (`ss -ltnp 'sport = :%d'` names it), %s", have, p.name, have, what)
		}
		if st.Ports[p.name], err = FreePort(); err != nil {
			return fmt.Errorf("choose a port for %s: %w", p.name, err)
		}
	}
	return nil
}

// FreePort finds a port of loopback that nobody has, below those that the
// system gives to outgoing connections: one of them would be lost again before
// its process has started.
func FreePort() (int, error) {
	var last error
	for range 100 {
		port := 12_000 + mrand.IntN(20_000)
		if last = tryPort(port); last == nil {
			return port, nil
		}
	}
	return 0, last
}

func tryPort(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// freeNet finds a loopback /24 on which nothing answers the miners' port.
func freeNet(taken []Site) (netip.Prefix, error) {
	for range 64 {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(10 + mrand.IntN(240)), byte(1 + mrand.IntN(250)), 0}), 24)
		free := true
		for _, s := range taken {
			free = free && !s.CIDR.Overlaps(p)
		}
		for a, i := p.Addr().Next(), 0; free && i < 40; a, i = a.Next(), i+1 {
			l, err := net.Listen("tcp", netip.AddrPortFrom(a, 4028).String())
			if err != nil {
				free = false
				break
			}
			l.Close()
		}
		if free {
			return p, nil
		}
	}
	return netip.Prefix{}, hashyard.Unavailable.Errorf("no free 127.x.y.0/24 with port 4028: does this system route 127.0.0.0/8 to loopback (Linux does)?")
}
