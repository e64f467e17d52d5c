package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/api"
	"hashyard/web/verify"
)

const list = `36,"AEROCARIBBEAN AIRLINES",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- 
77,"PETROV, Ivan Sergeevich","individual","SDGT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- 
`

func details(owner string) map[string]any {
	return map[string]any{"legal_name": "North Hash Oy", "country": "FI", "registration": "1234567-8", "owners": []any{map[string]any{"name": owner, "country": "FI"}}}
}

func (b *browser) upload(path, csv string) reply {
	b.y.t.Helper()
	req, err := http.NewRequestWithContext(b.y.t.Context(), http.MethodPost, b.y.srv.URL+"/api/v1"+path, strings.NewReader(csv))
	b.y.must(err)
	req.AddCookie(&http.Cookie{Name: "hashyard", Value: b.cookie})
	req.Header.Set("Idempotency-Key", hashyard.NewID().String())
	req.Header.Set("Content-Type", "text/csv")
	res, err := b.y.srv.Client().Do(req)
	b.y.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	b.y.must(err)
	return reply{res.StatusCode, res.Header, string(raw)}
}

func TestVerification(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, desk := y.signIn("owner@north.example"), y.signIn("desk@house.example")
	path := "/verifications/" + y.seller.ID.String()
	may := func(want string) {
		t.Helper()
		err := y.verify.MayTrade(t.Context(), y.seller.ID)
		if want == "" && err != nil || want != "" && (!errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), want)) {
			t.Errorf("may trade: %v, want %q", err, want)
		}
	}
	decide := func(event, reason string) reply {
		d := decode[api.Dossier](t, desk.do("GET", path, nil))
		return desk.do("POST", path+"/decision", map[string]any{"event": event, "reason": reason, "version": d.Record.Version})
	}
	may("is not verified yet: an owner sends")
	y.want(owner.do("GET", "/verification", nil), 200, `"may_trade":false`)
	y.want(decide("verify", ""), 409, "is unverified: nothing to verify")
	y.want(y.signIn("view@north.example").do("POST", "/verification", details("Ann Berg")), 403, "verify.write")
	y.want(owner.do("POST", "/verification", map[string]any{"legal_name": "X", "country": "Finland", "registration": "1", "owners": []any{}}), 422, "country")
	y.want(owner.do("POST", "/verification", details("Ann Berg")), 200, `"state":"submitted"`)
	may("the desk is checking")
	y.want(decide("refuse", "no"), 422, "give the reason")
	y.want(decide("refuse", "the register does not know the number"), 200, `"state":"refused"`)
	may("the register does not know the number")
	y.want(owner.do("POST", "/verification", details("Ann Berg")), 200, `"state":"submitted"`)
	old := decode[api.Dossier](t, desk.do("GET", path, nil)).Record.Version - 1
	y.want(desk.do("POST", path+"/decision", map[string]any{"event": "verify", "reason": "", "version": old}), 412, "changed meanwhile")
	y.want(decide("verify", ""), 200, `"state":"verified"`)
	may("")
	y.want(owner.do("GET", "/verification", nil), 200, `"may_trade":true`)
	// Saying something else is being somebody else.
	y.want(owner.do("POST", "/verification", details("Bea Berg")), 200, `"state":"submitted"`)
	may("the desk is checking")
	y.want(decide("verify", ""), 200, "verified")
	y.want(decide("suspend", "asked by the police"), 200, `"state":"suspended"`)
	may("is suspended")
	y.want(owner.do("POST", "/verification", details("Ann Berg")), 409, "the desk has to decide first")
	y.want(decide("reinstate", "the police were wrong"), 200, `"state":"verified"`)

	y.want(owner.do("GET", "/verifications", nil), 403, "verify.decide")
	y.want(owner.do("POST", path+"/decision", map[string]any{"event": "verify", "reason": "", "version": 1}), 403, "verify.decide")
	y.want(desk.do("GET", "/verifications?state=verified", nil), 200, "North Hash")
	y.want(desk.do("GET", "/verifications?limit=1", nil), 200, `"next"`)
	y.want(desk.do("POST", "/verifications/"+y.house.ID.String()+"/decision", map[string]any{"event": "suspend", "reason": "for fun", "version": 0}), 409, "vouches for itself")
	if err := y.verify.MayTrade(t.Context(), y.house.ID); err != nil {
		t.Errorf("the house: %v", err)
	}
	// The organisation reads in its own trail what was decided about it.
	audit := decode[web.Page[web.AuditRow]](t, owner.do("GET", "/audit?ref_kind=org", nil))
	var commands []string
	for _, r := range audit.Items {
		commands = append(commands, r.Command)
	}
	for _, want := range []string{"verification.submit", "verification.refuse", "verification.verify", "verification.suspend", "verification.reinstate"} {
		if !strings.Contains(strings.Join(commands, " "), want) {
			t.Errorf("the trail lacks %s: %v", want, commands)
		}
	}
	// Its own database rights do not reach its state.
	for _, sql := range []string{"UPDATE verifications SET state = 'verified'", "INSERT INTO verifications (org_id, state, legal_name, country, registration, changed_at) VALUES (gen_random_uuid(), 'verified', '', '', '', now())"} {
		err := y.db.InOrg(t.Context(), hashyard.Actor{Org: y.seller.ID}, y.seller.ID, func(ctx context.Context, tx *pg.Tx) error {
			_, err := tx.Conn().Exec(ctx, sql)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestSanctions(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, desk := y.signIn("owner@north.example"), y.signIn("desk@house.example")
	path := "/verifications/" + y.seller.ID.String()
	dossier := func() api.Dossier { return decode[api.Dossier](t, desk.do("GET", path, nil)) }
	y.want(owner.do("POST", "/verification", details("Ivan Sergejevich Petrov")), 200, `"state":"submitted"`)
	y.want(desk.do("POST", path+"/decision", map[string]any{"event": "verify", "reason": "", "version": dossier().Record.Version}), 200, "verified")

	const up = "/sanctions/lists?source=OFAC%20SDN&dated=2026-11-24"
	y.want(owner.upload(up, list), 403, "verify.decide")
	y.want(desk.upload(up, "no list\n"), 422, "12 as in sdn.csv")
	y.want(desk.upload("/sanctions/lists?source=OFAC&dated=2036-01-01", list), 422, "not a day")
	y.want(desk.upload(up, list), 201, `"entries":2`)
	d := dossier()
	if d.Record.State != verify.Suspended || len(d.Hits) != 1 || d.Hits[0].EntNum != 77 || d.Hits[0].Rule != "close" || d.Open != 1 {
		t.Fatalf("%+v", d)
	}
	// The organisation sees that it is suspended, not over whom.
	r := owner.do("GET", "/verification", nil)
	y.want(r, 200, `"state":"suspended"`)
	if strings.Contains(r.body+owner.do("GET", "/audit?limit=200", nil).body, "PETROV") {
		t.Error("the organisation is told whom it is like")
	}
	var told int
	y.must(y.owner.QueryRow(t.Context(), "SELECT count(*) FROM outbox WHERE kind = 'org.suspended'").Scan(&told))
	if told != 1 {
		t.Errorf("%d events of a suspension", told)
	}
	// The same list again, and its event, change nothing.
	y.want(desk.upload(up, list), 201, "")
	y.must(y.verify.OnListImported(t.Context(), hashyard.Event{}))
	if again := dossier(); again.Record.Version != d.Record.Version || len(again.Hits) != 1 {
		t.Errorf("found again: %+v", again)
	}
	y.want(desk.do("POST", path+"/decision", map[string]any{"event": "reinstate", "reason": "born 1990, the listed one 1948", "version": d.Record.Version}), 200, `"open_hits":0`)
	// Cleared, it does not come back with the next list; a new name does.
	y.want(desk.upload("/sanctions/lists?source=OFAC%20SDN&dated=2026-11-25", list+`78,"NORTH HASH OY",-0- ,"X",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- `+"\n"), 201, `"entries":3`)
	if d = dossier(); d.Record.State != verify.Suspended || len(d.Hits) != 2 || d.Open != 1 || d.Hits[0].Rule != "exact" {
		t.Errorf("after the next list: %+v", d)
	}
	y.want(desk.do("POST", path+"/decision", map[string]any{"event": "reopen", "reason": "another North Hash", "version": d.Record.Version}), 200, `"state":"submitted"`)
	// At a submit: a new owner is found at once.
	baltic := y.signIn("owner@baltic.example")
	body := details("Petrov Ivan Sergeevich")
	y.want(baltic.do("POST", "/verification", body), 200, `"state":"suspended"`)
	y.want(desk.do("GET", "/sanctions/lists", nil), 200, `"dated":"2026-11-25`)
	if err := y.verify.MayTrade(t.Context(), y.buyer.ID); err == nil {
		t.Error("a listed owner's organisation may trade")
	}
	y.must(y.verify.SeedVerified(t.Context(), y.buyer.ID))
	if err := y.verify.MayTrade(t.Context(), y.buyer.ID); err == nil {
		t.Error("the seed lifted a suspension")
	}
}

// TestBigListIsQuick: a list of OFAC's size is read and matched in bounded time.
func TestBigListIsQuick(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	var b strings.Builder
	for i := range 18_000 {
		b.WriteString(strconv.Itoa(i+1) + `,"LISTED ` + strconv.Itoa(i*7919) + ` Trading House ` + strconv.Itoa(i) + `",-0- ,"X",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ` + "\n")
	}
	start := time.Now()
	_, err := y.verify.Import(t.Context(), hashyard.SystemActor("web.sanctions"), "OFAC SDN", time.Now(), strings.NewReader(b.String()))
	y.must(err)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("18,000 entries took %s", took)
	} else {
		t.Logf("18,000 entries imported and held against 3 organisations in %s", took)
	}
}
