package app

import (
	"errors"
	"log/slog"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hashyard"
	"hashyard/pool/stratum"
)

func TestParsePort(t *testing.T) {
	t.Parallel()
	network := func(s string) netip.Prefix { return netip.MustParsePrefix(s) }
	for text, want := range map[string]stratum.Port{
		"listen=:3334": {Listen: ":3334"},
		"listen=[::]:443, tls, floor=0.5,start=65536": {Listen: "[::]:443", Floor: 1 << 31, Start: 65536 << 32},
		"proxy=10.1.2.3/8,listen=a:1,proxy=2001:db8::1": {
			Listen: "a:1", Balancers: []netip.Prefix{network("10.0.0.0/8"), network("2001:db8::1/128")},
		},
	} {
		got, secure, err := parsePort(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.IgnoreFields(stratum.Port{}, "Certificate")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		if secure != (want.Start != 0) {
			t.Errorf("%s: tls %v", text, secure)
		}
	}
	for _, text := range []string{
		"", "tls", ":3334", "listen=:1,tls=yes", "listen=:1,floor=", "listen=:1,floor=-1", "listen=:1,floor=NaN", "listen=:1,start=1e400",
		"listen=:1,floor=2,start=1", "listen=:1,proxy=10.0.0.0/33", "listen=:1,proxy=balancer", "listen=:1,ceiling=5",
	} {
		if p, _, err := parsePort(text); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q is taken as %+v: %v", text, p, err)
		}
	}
}

func TestPortsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Ports){
		"sessions":              func(p *Ports) { p.StratumSessions = -1 },
		"certificate alone":     func(p *Ports) { p.StratumCert = "cert.pem" },
		"tls without":           func(p *Ports) { p.StratumPort = []string{"listen=:1,tls"} },
		"certificate not there": func(p *Ports) { p.StratumCert, p.StratumKey, p.StratumPort = "a", "b", []string{"listen=:1,tls"} },
	} {
		p := Ports{Stratum: "127.0.0.1:0", StratumSessions: 1, StratumPerAddress: 1}
		change(&p)
		var cfg stratum.Config
		if err := p.set(&cfg, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: %+v", name, cfg)
		}
	}
}
