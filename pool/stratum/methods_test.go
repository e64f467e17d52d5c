package stratum

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hashyard"
	"hashyard/pool/share"
)

func TestConfigureAnswersOnlyWhatIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	for name, tt := range map[string]struct {
		params []any
		want   string
	}{
		"mask":         {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": "ffffffff", "version-rolling.min-bit-count": 2}}, `{"version-rolling":true,"version-rolling.mask":"1fffe000"}`},
		"narrow mask":  {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": "00ffe000"}}, `{"version-rolling":true,"version-rolling.mask":"00ffe000"}`},
		"number mask":  {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": 0x1fffe000, "version-rolling.min-bit-count": "16"}}, `{"version-rolling":true,"version-rolling.mask":"1fffe000"}`},
		"no mask":      {[]any{[]string{"version-rolling"}}, `{"version-rolling":true,"version-rolling.mask":"1fffe000"}`},
		"nothing":      {[]any{[]string{}}, `{}`},
		"no params":    {nil, `{}`},
		"difficulty":   {[]any{[]string{"minimum-difficulty"}, map[string]any{"minimum-difficulty.value": 0.5}}, `{"minimum-difficulty":true}`},
		"bad minimum":  {[]any{[]string{"minimum-difficulty"}, map[string]any{"minimum-difficulty.value": "x"}}, `{"minimum-difficulty":false}`},
		"few bits":     {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": "00006000", "version-rolling.min-bit-count": 3}}, `{"version-rolling":false}`},
		"float mask":   {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": 536862720.0, "version-rolling.min-bit-count": 2.0}}, `{"version-rolling":true,"version-rolling.mask":"1fffe000"}`},
		"upper mask":   {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": "0X1FFFE000"}}, `{"version-rolling":true,"version-rolling.mask":"1fffe000"}`},
		"wide mask":    {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": "100000000"}}, `{"version-rolling":true,"version-rolling.mask":"00000000"}`},
		"minus mask":   {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": -1}}, `{"version-rolling":true,"version-rolling.mask":"00000000"}`},
		"null mask":    {[]any{[]string{"version-rolling"}, map[string]any{"version-rolling.mask": nil, "version-rolling.min-bit-count": nil}}, `{"version-rolling":true,"version-rolling.mask":"1fffe000"}`},
		"zero minimum": {[]any{[]string{"minimum-difficulty"}, map[string]any{"minimum-difficulty.value": 0}}, `{"minimum-difficulty":false}`},
		"text minimum": {[]any{[]string{"minimum-difficulty"}, map[string]any{"minimum-difficulty.value": "2048.5"}}, `{"minimum-difficulty":true}`},
		"no minimum":   {[]any{[]string{"minimum-difficulty"}}, `{"minimum-difficulty":false}`},
		"twice":        {[]any{[]string{"info", "info"}, nil}, `{"info":true}`},
		"info":         {[]any{[]string{"info", "subscribe-extranonce"}, map[string]any{"info.hw-id": "x"}}, `{"info":true,"subscribe-extranonce":true}`},
		"unknown":      {[]any{[]string{"teleport"}, map[string]any{}}, `{"teleport":false}`},
		"odd options":  {[]any{[]string{"info"}, []any{}}, `{"info":true}`},
		"not a list":   {[]any{"version-rolling"}, ""},
		"endless list": {[]any{make([]string, 100)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t)
			res, err := c.Call(deadline(t), "mining.configure", tt.params...)
			if tt.want == "" {
				wantCode(t, err, share.Other)
				return
			}
			if err != nil || string(res) != tt.want {
				t.Fatalf("answer %s, want %s: %v", res, tt.want, err)
			}
		})
	}
}

func TestVersionRolling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.dial(t)
	if err := c.Handshake(deadline(t), "acme.rig", "x", 0x00ffffff); err != nil {
		t.Fatal(err)
	}
	if len(c.Masks) != 1 || c.Masks[0] != "00ffe000" {
		t.Fatalf("masks %v: one, between the answer to subscribe and the first job", c.Masks)
	}
	for range 3 {
		s := mine(t, c)
		if s.Bits == "" {
			t.Fatal("the miner rolls nothing")
		}
		if err := c.Submit(deadline(t), s); err != nil {
			t.Fatal(err)
		}
		s.Bits = "01000000"
		wantCode(t, c.Submit(deadline(t), s), share.Other)
	}
}

func TestSubscribeShapesAndOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	for name, params := range map[string][]any{
		"empty": {}, "agent": {"bfgminer/5.4"}, "session": {"cgminer/4.1", "abcd"}, "null": {"x", nil},
		"bosminer": {"bosminer", nil, "pool.example", nil}, "number": {5},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t)
			res, err := c.Call(deadline(t), "mining.subscribe", params...)
			if err != nil {
				t.Fatal(err)
			}
			var parts []any
			if err := json.Unmarshal(res, &parts); err != nil || len(parts) != 3 || parts[2] != float64(8) || len(parts[1].(string)) != 8 {
				t.Fatalf("answer %s", res)
			}
			subs := parts[0].([]any)
			if subs[0].([]any)[0] != "mining.set_difficulty" || subs[1].([]any)[0] != "mining.notify" {
				t.Fatalf("answer %s", res)
			}
		})
	}
	t.Run("authorize first", func(t *testing.T) {
		c := w.dial(t)
		if _, err := c.Call(deadline(t), "mining.authorize", "acme.rig", "x"); err != nil {
			t.Fatal(err)
		}
		if len(c.Jobs) != 0 {
			t.Fatal("work before subscribe: the miner has no extranonce")
		}
		if err := c.Subscribe(deadline(t)); err != nil {
			t.Fatal(err)
		}
		j, err := c.NextJob(deadline(t))
		if err != nil || j.Difficulty != testStart.Wire() || !j.Clean {
			t.Fatalf("first job %+v: %v", j, err)
		}
		c.User = "acme.rig"
		if err := c.Submit(deadline(t), mine(t, c)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEveryMethodIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.dial(t)
	for method, want := range map[string]string{
		"mining.ping": `"pong"`, "mining.extranonce.subscribe": "true", "mining.get_transactions": "[]",
		"mining.multi_version": "[]", "client.get_version": `"hashyard/1.0"`, "mining.capabilities": "true", "mining.suggest_difficulty(0.5)": "true",
	} {
		if res, err := c.Call(deadline(t), method); err != nil || string(res) != want {
			t.Errorf("%s: %s %v", method, res, err)
		}
	}
	for _, method := range []string{"mining.teleport", "eth_submitLogin", "mining.Subscribe", ""} {
		_, err := c.Call(deadline(t), method, 1)
		wantCode(t, err, share.Other)
	}
	// Ids of every kind come back as they were; answers are not answered.
	for _, id := range []string{`"auth"`, "null", "-1", "1.5", `{"a":1}`, "18446744073709551616"} {
		fmt.Fprintf(c.Conn(), `{"id":7,"result":true,"error":null}`+"\n"+`{"id":8,"method":"pong","params":[]}`+"\n"+`{"id":%s,"method":"mining.ping"}`+"\n", id)
		if res, err := c.Answer(deadline(t), id); err != nil || string(res) != `"pong"` {
			t.Fatalf("id %s: %s %v", id, res, err)
		}
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Floor = 1 << 8 })
	w.newJob(t, 1, hardBits, nil)
	for name, tt := range map[string]struct {
		method string
		param  any
		want   hashyard.Difficulty
	}{
		"float":         {"mining.suggest_difficulty", hashyard.Difficulty(1 << 14).Wire(), 1 << 14},
		"text":          {"mining.suggest_difficulty", fmt.Sprint(hashyard.Difficulty(1 << 14).Wire()), 1 << 14},
		"not dyadic":    {"mining.suggest_difficulty", hashyard.Difficulty(17000).Wire(), 1 << 14},
		"below floor":   {"mining.suggest_difficulty", 1e-9, 1 << 8},
		"above network": {"mining.suggest_difficulty", 1e6, 1 << 26},
		"target":        {"mining.suggest_target", fmt.Sprintf("%x", hashyard.Difficulty(1<<14).Target()), 1 << 14},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t)
			if _, err := c.Call(deadline(t), tt.method, tt.param); err != nil {
				t.Fatal(err)
			}
			if err := c.Handshake(deadline(t), "acme.rig", "", 0); err != nil {
				t.Fatal(err)
			}
			if got := c.Job().Difficulty; got != tt.want.Wire() {
				t.Fatalf("first difficulty %v, want %v", got, tt.want.Wire())
			}
		})
	}
	c := w.miner(t, "acme.rig")
	for _, bad := range []any{0, -1, "x", nil, 1e300} {
		_, err := c.Call(deadline(t), "mining.suggest_difficulty", bad)
		wantCode(t, err, share.Other)
	}
	// A large change while mining comes with a job of its own.
	if _, err := c.Call(deadline(t), "mining.suggest_difficulty", hashyard.Difficulty(1<<15).Wire()); err != nil {
		t.Fatal(err)
	}
	if j, err := c.NextJob(deadline(t)); err != nil || j.Difficulty != hashyard.Difficulty(1<<15).Wire() || j.Clean {
		t.Fatalf("%+v: %v", j, err)
	}
}

// What a machine says of itself reaches the accounts, fit to be shown.
func TestMachinesSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	long := strings.Repeat("7", 500)
	for user, tt := range map[string]struct {
		options any
		want    share.Device
	}{
		"acme.all": {map[string]any{
			"info.hw-id": "AB:12", "info.hw-version": "S19 XP", "info.sw-version": "braiins 23.1", "info.connection-url": "stratum+tcp://x:1",
		}, share.Device{HWID: "AB:12", HWVersion: "S19 XP", SWVersion: "braiins 23.1", URL: "stratum+tcp://x:1"}},
		"acme.odd": {
			map[string]any{"info.hw-id": 7, "info.hw-version": nil, "info.sw-version": []int{1}, "info.connection-url": long},
			share.Device{URL: long[:share.MaxDeviceText]},
		},
		"acme.evil":  {map[string]any{"info.hw-id": "<b>\x00\n\u202eé"}, share.Device{HWID: "<b>"}},
		"acme.empty": {map[string]any{}, share.Device{}},
		"acme.none":  {nil, share.Device{}},
	} {
		c := w.dial(t)
		if res, err := c.Call(deadline(t), "mining.configure", []string{"info"}, tt.options); err != nil || string(res) != `{"info":true}` {
			t.Fatalf("%s: %s %v", user, res, err)
		}
		if err := c.Handshake(deadline(t), user, "x", 0); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the accounts hear of "+user, func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			i := w.opened[max(0, len(w.opened)-1):]
			return len(i) == 1 && i[0].User == user
		})
		w.mu.Lock()
		if got := w.opened[len(w.opened)-1].Device; got != tt.want {
			t.Errorf("%s: %+v, want %+v", user, got, tt.want)
		}
		w.mu.Unlock()
	}
}
