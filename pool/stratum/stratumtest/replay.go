package stratumtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// answer puts an id, as JSON, into one of the patterns.
func answer(id, pattern string) string { return strings.Replace(pattern, "%", id, 1) }

// sixthless is a submit without version bits.
func sixthless(submit string) string { return strings.Replace(submit, `, "{bits}"`, "", 1) }

// Replay speaks a handshake and fails at the first line that its client would
// not understand. Where the handshake has a submit, it then hashes for real on
// the first job and submits a share. chunk is how many bytes go in one write; 0
// is a message a write.
func (c *Client) Replay(ctx context.Context, h Handshake, user, password string, chunk int) error {
	c.User = user
	names := strings.NewReplacer("{user}", user, "{password}", password)
	for n, s := range h.Steps {
		if err := c.write(names.Replace(s.Send)+"\n", chunk); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		for _, want := range s.Want {
			m, line, err := c.readLine(ctx)
			if err != nil {
				return fmt.Errorf("step %d, waiting for %s: %w", n, want, err)
			}
			if !matches(want, line) {
				return fmt.Errorf("step %d: got %s, want %s", n, line, want)
			}
			c.learn(m.Result)
		}
	}
	if h.Submit == "" {
		return nil
	}
	j := c.Job()
	share, err := c.Mine(ctx, j, j.Difficulty, 0)
	if err != nil {
		return fmt.Errorf("mine: %w", err)
	}
	line := strings.NewReplacer("{user}", user, "{job}", j.ID, "{en2}", share.Extranonce2, "{ntime}", share.NTime,
		"{nonce}", share.Nonce, "{bits}", share.Bits).Replace(h.Submit)
	if err := c.write(line+"\n", chunk); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	var sent struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal([]byte(strings.Trim(line, "[]\r")), &sent); err != nil {
		return fmt.Errorf("submit %s: %w", line, err)
	}
	res, err := c.Answer(ctx, string(sent.ID))
	if err != nil || string(res) != "true" {
		return fmt.Errorf("submit %s: %s, %w", line, res, err)
	}
	return nil
}

func (c *Client) write(s string, chunk int) error {
	if chunk == 0 {
		chunk = len(s)
	}
	for len(s) > 0 {
		n := min(chunk, len(s))
		if _, err := c.conn.Write([]byte(s[:n])); err != nil {
			return err
		}
		s = s[n:]
	}
	return nil
}

// learn takes from a result what hashing needs.
func (c *Client) learn(result json.RawMessage) {
	if c.readSubscription(result) != nil {
		_ = c.readMask(result) // neither, for most
	}
}

// matches compares a line with a pattern in which "…" stands for anything.
func matches(pattern, line string) bool {
	parts := strings.Split(pattern, "…")
	line, ok := strings.CutPrefix(line, parts[0])
	for i := 1; i < len(parts) && ok; i++ {
		if i == len(parts)-1 {
			return strings.HasSuffix(line, parts[i])
		}
		_, line, ok = strings.Cut(line, parts[i])
	}
	return ok && line == ""
}
