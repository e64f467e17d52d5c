package app

import (
	"crypto/sha256"

	"hashyard/web/hooks"
	"hashyard/web/outbound"
)

// Outgoing are the settings of outgoing webhooks.
type Outgoing struct {
	HooksLoopback bool `env:"HASHYARD_HOOKS_LOOPBACK" help:"Let webhooks go to this machine itself, also by http; a local world alone may."`
}

// guard says where requests to addresses of strangers may go.
func (s *Serve) guard() outbound.Guard {
	return outbound.Guard{Loopback: s.HooksLoopback && s.Seed != ""}
}

// hookKey is what the secrets of webhooks derive from.
func (s *Serve) hookKey() [32]byte { return sha256.Sum256([]byte("webhooks " + s.PoolKey)) }

// outgoing makes the two halves of webhooks.
func (h *house) outgoing() {
	h.hooks = hooks.New(hooks.Config{Store: h.keeper, Orgs: h.web, Guard: h.flags.guard(), Key: h.flags.hookKey()})
	h.hookSender = hooks.NewSender(hooks.SenderConfig{Store: h.keeper, Guard: h.flags.guard(), Key: h.flags.hookKey(), Log: h.log})
}
