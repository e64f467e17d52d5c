package journey

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // RFC 7616 digest as the vendor's firmware speaks it
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

// rpc asks a machine's own API one command and gives the first row of the
// named section.
func (m *machine) rpc(ctx context.Context, command, section string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(m.Address, strconv.Itoa(m.RPCPort)))
	if err != nil {
		return fmt.Errorf("%s of %s: %w", command, m.Serial, err)
	}
	defer conn.Close()
	if d, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(d)
	}
	if _, err := fmt.Fprintf(conn, `{"command":%q}`, command); err != nil {
		return fmt.Errorf("%s of %s: %w", command, m.Serial, err)
	}
	b, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if err != nil {
		return fmt.Errorf("%s of %s: %w", command, m.Serial, err)
	}
	var reply map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimRight(b, "\x00\n"), &reply); err != nil {
		return fmt.Errorf("%s of %s: %.200q: %w", command, m.Serial, b, err)
	}
	if err := json.Unmarshal(reply[section], out); err != nil {
		return fmt.Errorf("%s of %s: %.200q: %w", command, m.Serial, b, err)
	}
	return nil
}

// readSummary is the five-second hashrate in TH/s as the machine itself shows
// it.
func readSummary(ctx context.Context, m *machine) (float64, error) {
	var rows []struct {
		GHS float64 `json:"GHS 5s"`
	}
	if err := m.rpc(ctx, "summary", "SUMMARY", &rows); err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, fmt.Errorf("summary of %s has no row", m.Serial)
	}
	return rows[0].GHS / 1000, nil
}

// ownCount is what the machine counted as accepted for a worker: exact work
// and shares.
func (m *machine) ownCount(ctx context.Context, user string) (work hashyard.Work, shares int64, err error) {
	var rows []struct {
		User       string      `json:"User"`
		Accepted   int64       `json:"Accepted"`
		Difficulty json.Number `json:"Difficulty Accepted"`
	}
	if err := m.rpc(ctx, "pools", "POOLS", &rows); err != nil {
		return work, 0, err
	}
	for _, r := range rows {
		if r.User != user {
			continue
		}
		d, ok := new(big.Rat).SetString(r.Difficulty.String())
		if !ok {
			return work, 0, fmt.Errorf("pools of %s: difficulty %q", m.Serial, r.Difficulty)
		}
		if d.Mul(d, new(big.Rat).SetInt64(1<<32)); !d.IsInt() {
			return work, 0, fmt.Errorf("pools of %s: difficulty %s is no whole number of 2^-32", m.Serial, r.Difficulty)
		}
		work, err = hashyard.WorkFromBig(d.Num())
		return work, r.Accepted, err
	}
	return work, 0, notYet("machine %s does not mine as %s", m.Serial, user)
}

// poolConf is a pool slot as the machine has stored it.
type poolConf struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"pass"`
}

// configured reads the stored pool slots from the machine's own web page.
func (p *play) configured(ctx context.Context, m *machine) ([]poolConf, error) {
	url := "http://" + net.JoinHostPort(m.Address, strconv.Itoa(m.WebPort)) + "/cgi-bin/get_miner_conf.cgi"
	b, err := digestGet(ctx, url, p.w.Miners.User, p.w.Miners.Password)
	if err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", m.Serial, err)
	}
	var conf struct {
		Pools []poolConf `json:"pools"`
	}
	if err := json.Unmarshal(b, &conf); err != nil {
		return nil, fmt.Errorf("configuration of %s: %.200q: %w", m.Serial, b, err)
	}
	return conf.Pools, nil
}

// digestGet is a GET with HTTP digest sign-in (RFC 7616, MD5, qop=auth).
func digestGet(ctx context.Context, url, user, password string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var authorization string
	for range 2 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			return body, nil
		}
		rest, ok := strings.CutPrefix(resp.Header.Get("WWW-Authenticate"), "Digest ")
		if resp.StatusCode != http.StatusUnauthorized || !ok || authorization != "" {
			return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
		}
		authorization = digest(rest, req.URL.RequestURI(), user, password)
	}
	return nil, fmt.Errorf("GET %s: sign-in refused", url)
}

// digest answers a challenge.
func digest(challenge, uri, user, password string) string {
	p := map[string]string{}
	for part := range strings.SplitSeq(challenge, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		p[k] = strings.Trim(v, `"`)
	}
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	cnonce := hex.EncodeToString(raw[:])
	sum := func(parts ...string) string {
		h := md5.Sum([]byte(strings.Join(parts, ":"))) //nolint:gosec // see import
		return hex.EncodeToString(h[:])
	}
	response := sum(sum(user, p["realm"], password), p["nonce"], "00000001", cnonce, "auth", sum("GET", uri))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="%s", response="%s"`,
		user, p["realm"], p["nonce"], uri, cnonce, response)
}
