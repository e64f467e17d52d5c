package stratum

import (
	"fmt"
	"testing"

	"hashyard"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// Every client that we know can introduce itself, hash and submit, whether its
// bytes come together or one by one.
func TestEveryClientCanMine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	for n, h := range stratumtest.Handshakes() {
		for _, chunk := range []int{0, 1, 7} {
			t.Run(fmt.Sprintf("%s/%d", h.Name, chunk), func(t *testing.T) {
				c := w.dial(t)
				if err := c.Replay(deadline(t), h, fmt.Sprintf("acme.c%d-%d", n, chunk), "x", chunk); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	accepted, refused := w.log.all()
	if len(accepted) != 3*(len(stratumtest.Handshakes())-1) || len(refused) != 0 {
		t.Errorf("%d shares accepted, %d refused", len(accepted), len(refused))
	}
	for _, r := range accepted {
		if r.Difficulty == 0 || r.Code != int(share.Accepted) {
			t.Errorf("%+v", r)
		}
	}
}

// A client that asks before its subscribe and does wait for the answer gets it.
func TestAnAnswerThatIsWaitedForComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.dial(t)
	if _, err := fmt.Fprintf(c.Conn(), `{"id":null,"method":"mining.suggest_target","params":["%x"]}`+"\n", hashyard.Difficulty(1<<14).Target()); err != nil {
		t.Fatal(err)
	}
	if res, err := c.Answer(deadline(t), "null"); err != nil || string(res) != "true" {
		t.Fatalf("%s %v", res, err)
	}
	if err := c.Handshake(deadline(t), "acme.rig", "", 0); err != nil || c.Job().Difficulty != hashyard.Difficulty(1<<14).Wire() {
		t.Fatalf("%v, first difficulty %v", err, c.Job().Difficulty)
	}
}
