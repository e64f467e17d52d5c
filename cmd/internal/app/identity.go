package app

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"

	"hashyard/web"
)

// Identity are the settings of who calls and from where.
type Identity struct {
	TrustedProxies []netip.Prefix `name:"trusted-proxy" env:"HASHYARD_TRUSTED_PROXIES" help:"Networks, like 10.0.0.0/24, whose X-Forwarded-For is believed. Default: none."`
}

// people is identity. What it seals, it seals with a key of its own, derived
// from the secret that is the same for ever.
func (s *Serve) people(store web.Store, post *web.Post, log *slog.Logger) (*web.Service, error) {
	key, err := hkdf.Key(sha256.New, []byte(s.PoolKey), nil, "hashyard identity seal", 32)
	if err != nil {
		return nil, fmt.Errorf("identity seal: %w", err)
	}
	return web.NewService(web.ServiceConfig{Store: store, Log: log, Post: post, SealKey: key, Origin: s.passkeyOrigin()})
}

// passkeyOrigin is the name that passkeys belong to: no address can have any,
// but this machine has the name localhost besides.
func (s *Serve) passkeyOrigin() string {
	u, err := url.Parse(s.publicURL())
	if err != nil {
		return ""
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		if !a.IsLoopback() {
			return ""
		}
		u.Host = net.JoinHostPort("localhost", u.Port())
	}
	if u.Scheme != "https" && u.Hostname() != "localhost" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
