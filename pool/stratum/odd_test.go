package stratum

import (
	"fmt"
	"strings"
	"testing"

	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// Odd and hostile messages are each answered with an error under their id, and
// none of them ends a session.
func TestOddMessagesAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	deep := strings.Repeat("[", 4000) + strings.Repeat("]", 4000)
	for n, tt := range []struct{ line, id string }{
		{`{"id":1,"method":"mining.teleport","params":[]}`, "1"},
		{`{"id":2,"method":"","params":[]}`, "2"},
		{`{"id":3,"params":[]}`, "3"},
		{`{"id":4,"method":7,"params":[]}`, "4"},
		{`{"id":5,"method":["mining.ping"]}`, "5"},
		{`{"id":"six","method":"mining.suggest_difficulty","params":[1e400]}`, `"six"`},
		{`{"id":7,"method":"mining.suggest_difficulty","params":[-1]}`, "7"},
		{`{"id":8,"method":"mining.suggest_difficulty","params":[NaN]}`, "null"},
		{`{"id":9,"method":"mining.suggest_difficulty","params":["NaN"]}`, "9"},
		{`{"id":10,"method":"mining.suggest_difficulty(nan)"}`, "10"},
		{`{"id":11,"method":"mining.suggest_difficulty(1e999"}`, "11"},
		{`{"id":12,"method":"mining.suggest_difficulty","params":{"difficulty":5}}`, "12"},
		{`{"id":13,"method":"mining.suggest_target","params":["zz"]}`, "13"},
		{`{"id":14,"method":"mining.suggest_target","params":[""]}`, "14"},
		{`{"id":15,"method":"mining.suggest_target","params":["` + strings.Repeat("0", 64) + `"]}`, "15"},
		{`{"id":16,"method":"mining.suggest_target","params":["` + strings.Repeat("f", 66) + `"]}`, "16"},
		{`{"id":17,"method":"mining.configure","params":[` + deep + `]}`, "17"},
		{`{"id":18,"method":"mining.configure","params":[{"a":[]}]}`, "18"},
		{`{"id":1,"id":19,"method":"mining.ping","method":"mining.teleport"}`, "19"},
		{`{"id":20,"method":"m\u0069ning.teleport"}`, "20"},
		{`{"id":21,"method":"mining.submit"}`, "21"},
		{`{"id":22,"method":"mining.submit","params":null}`, "22"},
		{`{"id":23,"method":"client.show_message","params":["hello"]}`, "23"},
		{`{"id":24,"method":"mining.authorize","params":["acme.second","x"]}`, "24"},
		{`{"id":"` + strings.Repeat("i", 300) + `","method":"mining.teleport"}`, "null"},
	} {
		if _, err := fmt.Fprintf(c.Conn(), "%s\n", tt.line); err != nil {
			t.Fatal(err)
		}
		res, err := c.Answer(deadline(t), tt.id)
		if err == nil || !strings.Contains(err.Error(), "stratum error") {
			t.Fatalf("%d: %.80s is answered %s, %v", n, tt.line, res, err)
		}
	}
	if err := c.Submit(deadline(t), mine(t, c)); err != nil {
		t.Fatalf("after all that: %v", err)
	}
}

func unknownJob(s stratumtest.Share) stratumtest.Share {
	s.Job.ID = "abc"
	return s
}

// Answers of the client's are not answered, and a batch is as good as its
// messages; one that is none is one bad line.
func TestAnswersAndBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	_, err := fmt.Fprint(c.Conn(), `{"id":1,"result":"cgminer/4.12","error":null}`+"\n"+
		`{"id":2,"result":null,"error":[20,"no",null]}`+"\n"+
		`{"id":3,"method":"pong","params":[]}`+"\n"+
		`[{"id":4,"result":true},{"id":5,"method":"mining.ping"},7,{"id":6,"method":"m\u0069ning.ping"}]`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ id, result string }{{"5", `"pong"`}, {"null", ""}, {"6", `"pong"`}} {
		line, err := c.Line(deadline(t))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(line, `{"id":`+want.id+`,`) || !strings.Contains(line, want.result) {
			t.Fatalf("got %s, want the answer to %s", line, want.id)
		}
	}
	for _, line := range []string{"[]", "[[]]", "[" + strings.TrimSuffix(strings.Repeat(`{"id":1,"method":"mining.ping"},`, maxBatch+1), ",") + "]", "null", `"x"`, "5"} {
		if _, err := fmt.Fprintf(c.Conn(), "%s\n", line); err != nil {
			t.Fatal(err)
		}
		if line, err := c.Line(deadline(t)); err != nil || !strings.HasPrefix(line, `{"id":null,"result":null,"error":[20,`) {
			t.Fatalf("%s: %s %v", line, line, err)
		}
	}
	wantCode(t, c.Submit(deadline(t), unknownJob(mine(t, c))), share.Stale)
}
