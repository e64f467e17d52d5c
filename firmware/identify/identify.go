// Package identify gathers the evidence by which firmware.Judge names a
// machine's family: what its RPC says to "version" and how its web server
// greets a stranger. It owns no state, never signs in and writes nothing.
package identify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

// Probe is a firmware.Probe. Both ports are asked at once, each within the
// target's timeout; a port that does not answer is no evidence, not an error.
// An address outside the site is an error.
func Probe(ctx context.Context, t firmware.Target) (firmware.Evidence, error) {
	t, err := t.Ready()
	if err != nil {
		return firmware.Evidence{}, err
	}
	ev := firmware.Evidence{At: t.Now()}
	var (
		wg             sync.WaitGroup
		rpcErr, webErr error
	)
	wg.Go(func() { ev.RPC, rpcErr = version(ctx, t) })
	wg.Go(func() { ev.Web, webErr = greeting(ctx, t) })
	wg.Wait()
	for _, err := range []error{rpcErr, webErr} {
		if errors.Is(err, hashyard.Denied) {
			return firmware.Evidence{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return firmware.Evidence{}, err
	}
	return ev, nil
}

func version(ctx context.Context, t firmware.Target) (*firmware.RPCEvidence, error) {
	client, err := cgminer.NewClient(t)
	if err != nil {
		return nil, err
	}
	raw, err := client.Raw(ctx, "version")
	if err != nil {
		return nil, err
	}
	reply, err := cgminer.ParseReply(raw)
	if err != nil {
		return nil, err
	}
	ev := &firmware.RPCEvidence{
		Message:     reply.Status.Message,
		Description: reply.Status.Description,
		Version:     map[string]string{},
	}
	for _, m := range reply.First("VERSION").Members() {
		if text := m.Value.Text(); text != "" && len(ev.Version) < 64 {
			ev.Version[m.Key] = clip(text)
		}
	}
	return ev, nil
}

func greeting(ctx context.Context, t firmware.Target) (*firmware.WebEvidence, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Web()+"/", http.NoBody)
	if err != nil {
		return nil, err
	}
	client := http.Client{
		Transport:     &http.Transport{DialContext: t.Dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4096) // the greeting is in the headers
	return &firmware.WebEvidence{
		Status: resp.StatusCode,
		Realm:  clip(realm(resp.Header.Get("WWW-Authenticate"))),
		Server: clip(resp.Header.Get("Server")),
	}, nil
}

// realm is the realm of a WWW-Authenticate header.
func realm(header string) string {
	const key = "realm="
	i := 0
	for ; ; i++ { // strings.ToLower may change offsets
		if i+len(key) > len(header) {
			return ""
		}
		if strings.EqualFold(header[i:i+len(key)], key) {
			break
		}
	}
	rest := header[i+len(key):]
	if after, quoted := strings.CutPrefix(rest, `"`); quoted {
		name, _, _ := strings.Cut(after, `"`)
		return name
	}
	name, _, _ := strings.Cut(rest, ",")
	return strings.TrimSpace(name)
}

// clip bounds what one machine can make us store.
func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "")
	}
	return strings.ToValidUTF8(s, "")
}
