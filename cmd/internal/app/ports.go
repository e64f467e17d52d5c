package app

import (
	"log/slog"
	"net/netip"
	"strconv"
	"strings"

	"hashyard"
	"hashyard/pool/stratum"
)

// Ports are the settings of whoever answers miners: where, and how many.
type Ports struct {
	Stratum           string   `default:"127.0.0.1:3333" env:"HASHYARD_STRATUM" help:"Address of the Stratum server."`
	StratumPort       []string `name:"stratum-port" sep:";" env:"HASHYARD_STRATUM_PORT" help:"One more Stratum port: listen=ADDRESS,floor=DIFFICULTY,start=DIFFICULTY,tls,proxy=NETWORK; all but the first may be left out, proxy given often. Repeat the flag, or part several by semicolons."`
	StratumCert       string   `type:"path" env:"HASHYARD_STRATUM_CERT" help:"Certificate of the TLS ports with its chain, PEM; read again when it changes."`
	StratumKey        string   `type:"path" env:"HASHYARD_STRATUM_KEY" help:"Key of the TLS ports' certificate, PEM."`
	StratumReconnect  []string `sep:";" env:"HASHYARD_STRATUM_RECONNECT" help:"Our own other Stratum host:port to which miners are sent when this server stops; default: they are only disconnected."`
	StratumSessions   int      `default:"16000" env:"HASHYARD_STRATUM_SESSIONS" help:"Most connections of miners at a time."`
	StratumPerAddress int      `default:"4096" env:"HASHYARD_STRATUM_PER_ADDRESS" help:"Most connections from one address (IPv6: one /64) at a time."`
	StratumPerAccount int      `default:"8192" env:"HASHYARD_STRATUM_PER_ACCOUNT" help:"Most connections for one account at a time; machines with a secret of their own are not among them."`
}

// set puts them into a server's configuration, and opens the certificate.
func (p Ports) set(cfg *stratum.Config, log *slog.Logger) error {
	cfg.Listen, cfg.Reconnect = p.Stratum, p.StratumReconnect
	cfg.MaxSessions, cfg.MaxPerAddr, cfg.MaxPerAccount = p.StratumSessions, p.StratumPerAddress, p.StratumPerAccount
	if min(p.StratumSessions, p.StratumPerAddress, p.StratumPerAccount) < 0 {
		return hashyard.Invalid.Errorf("--stratum-sessions, --stratum-per-address and --stratum-per-account must not be below zero")
	}
	if (p.StratumCert == "") != (p.StratumKey == "") {
		return hashyard.Invalid.Errorf("--stratum-cert and --stratum-key go together")
	}
	var cert *stratum.Certificate
	for _, text := range p.StratumPort {
		port, secure, err := parsePort(text)
		if err != nil {
			return err
		}
		if secure {
			if cert == nil {
				if p.StratumCert == "" {
					return hashyard.Invalid.Errorf("--stratum-port %s needs --stratum-cert and --stratum-key", text)
				}
				if cert, err = stratum.OpenCertificate(p.StratumCert, p.StratumKey, log); err != nil {
					return err
				}
			}
			port.Certificate = cert.Get
		}
		cfg.Ports = append(cfg.Ports, port)
	}
	return nil
}

// parsePort reads what one --stratum-port says.
func parsePort(text string) (p stratum.Port, secure bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "listen":
			p.Listen = value
		case "floor":
			p.Floor, err = parseDifficulty(value)
		case "start":
			p.Start, err = parseDifficulty(value)
		case "proxy":
			var network netip.Prefix
			network, err = parseNetwork(value)
			p.Balancers = append(p.Balancers, network)
		case "tls":
			if value != "" {
				err = hashyard.Invalid.Errorf("tls has no value")
			}
			secure = true
		default:
			err = hashyard.Invalid.Errorf("%q is none of listen, floor, start, tls, proxy", key)
		}
		if err != nil {
			return p, false, hashyard.Invalid.Errorf("--stratum-port %s: %w", text, err)
		}
	}
	if p.Listen == "" {
		return p, false, hashyard.Invalid.Errorf("--stratum-port %s: listen=ADDRESS is missing", text)
	}
	if p.Start != 0 && p.Start < p.Floor {
		return p, false, hashyard.Invalid.Errorf("--stratum-port %s: it starts below its floor", text)
	}
	return p, secure, nil
}

func parseDifficulty(text string) (hashyard.Difficulty, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, hashyard.Invalid.Errorf("%q is no difficulty", text)
	}
	return hashyard.DifficultyFromWire(n)
}

// parseNetwork reads 10.0.0.0/8, or an address for itself alone.
func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, hashyard.Invalid.Errorf("%q is no network like 10.0.0.0/8", text)
	}
	return p.Masked(), nil
}
