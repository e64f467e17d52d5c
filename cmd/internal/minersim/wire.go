package minersim

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// poolAddress is the host:port of a pool's URL.
func poolAddress(url string) (string, error) {
	rest := url
	if i := strings.Index(rest, "://"); i >= 0 {
		if scheme := rest[:i]; scheme != "stratum+tcp" && scheme != "tcp" && scheme != "stratum" {
			return "", fmt.Errorf("pool %q: scheme %s is not spoken here", url, scheme)
		}
		rest = rest[i+3:]
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "/")
	if _, _, err := net.SplitHostPort(rest); err != nil {
		return "", fmt.Errorf("pool %q: %w", url, err)
	}
	return rest, nil
}

func dialPool(ctx context.Context, url string) (net.Conn, error) {
	addr, err := poolAddress(url)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, "tcp", addr)
}

func extranonce(first, size json.RawMessage) ([]byte, int, error) {
	var (
		text string
		n    int
	)
	if err := errors.Join(json.Unmarshal(first, &text), json.Unmarshal(size, &n)); err != nil {
		return nil, 0, fmt.Errorf("extranonce: %w", err)
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) > 32 || n < 1 || n > 16 {
		return nil, 0, fmt.Errorf("extranonce %.80q of %d bytes is unusable", text, n)
	}
	return b, n, nil
}

// parseNotify reads mining.notify's nine parameters.
func parseNotify(params []json.RawMessage) (j *job, clean bool, err error) {
	if len(params) < 9 {
		return nil, false, fmt.Errorf("%d parameters", len(params))
	}
	var (
		prev, coinb1, coinb2, version, nbits, ntime string
		branches                                    []string
	)
	j = &job{}
	for i, dst := range []any{&j.id, &prev, &coinb1, &coinb2, &branches, &version, &nbits, &ntime, &clean} {
		if err := json.Unmarshal(params[i], dst); err != nil {
			return nil, false, fmt.Errorf("parameter %d: %w", i, err)
		}
	}
	var errs [4]error
	var prevBytes []byte
	prevBytes, errs[0] = hex.DecodeString(prev)
	j.coinb1, errs[1] = hex.DecodeString(coinb1)
	j.coinb2, errs[2] = hex.DecodeString(coinb2)
	j.branches, errs[3] = hashes(branches)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, false, err
	}
	if len(prevBytes) != 32 {
		return nil, false, fmt.Errorf("previous hash of %d bytes", len(prevBytes))
	}
	for i := 0; i < 32; i += 4 { // each 4-byte word is reversed on the wire
		binary.LittleEndian.PutUint32(j.prev[i:], binary.BigEndian.Uint32(prevBytes[i:]))
	}
	for _, f := range []struct {
		text string
		dst  *uint32
	}{{version, &j.version}, {nbits, &j.nbits}, {ntime, &j.ntime}} {
		v, err := strconv.ParseUint(f.text, 16, 32)
		if err != nil {
			return nil, false, err
		}
		*f.dst = uint32(v)
	}
	return j, clean, nil
}

func hashes(list []string) ([][32]byte, error) {
	if len(list) > 32 {
		return nil, fmt.Errorf("%d merkle branches", len(list))
	}
	out := make([][32]byte, len(list))
	for i, text := range list {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != 32 {
			return nil, fmt.Errorf("merkle branch %.80q", text)
		}
		out[i] = [32]byte(b)
	}
	return out, nil
}
