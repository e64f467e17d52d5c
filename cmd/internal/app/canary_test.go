package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard/brokerage/stripe"
	"hashyard/brokerage/treasury/signer"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/relay"
)

// canary is in every secret of this test, and in no log.
const canary = "CANARY0123456789abcdef"

// TestSecretsAreInNoLog sends secrets into every opening of a yard that logs
// everything, and reads the logs.
func TestSecretsAreInNoLog(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	f := y.flags()
	f.NATSListen, f.NATSToken = freeAddr(t), "nats-"+canary
	f.StripeKey, f.StripeWebhookSecret = "sk_test_"+canary, "whsec_"+canary
	y.serve(f)
	key := "hy_01a21111-7a04-7000-b278-403dfbb940a9." + canary
	for _, path := range []string{"/api/v1/trades", "/api/v1/agent/commands?site=x&token=" + canary, "/readyz?password=" + canary, "/nowhere/" + key} {
		y.call(http.MethodGet, y.web+path, key, "", "Cookie", "hashyard="+canary, "X-Api-Key", key, "Referer", "http://u:"+canary+"@x.example/")
		y.call(http.MethodPost, y.web+path, key, `{"password":"`+canary+`"}`, "Idempotency-Key", canary)
	}
	for _, body := range []string{`{"email":"a@b.example","password":"` + canary + `"}`, `{"password":"` + canary, `password=` + canary, `[` + canary} {
		y.call(http.MethodPost, y.web+"/api/v1/session", "", body)
		y.call(http.MethodPost, y.web+"/api/v1/webhooks/stripe", "", body, "Stripe-Signature", "t=1,v1=whsec_"+canary)
		y.call(http.MethodPost, y.web+"/api/v1/agent/hello", y.keys["seller.owner"], body, "Idempotency-Key", "x")
		y.call(http.MethodPost, "http://"+f.Listen+"/api/v1/orders", y.keys["seller.trader"], body, "Idempotency-Key", "y"+canary)
	}
	y.stratumCanary()
	y.peersCanary(f)
	y.panicCanary()
	if strings.Contains(y.log.String(), canary) {
		for _, line := range strings.Split(y.log.String(), "\n") {
			if strings.Contains(line, canary) {
				t.Errorf("logged: %s", line)
			}
		}
	}
	if !strings.Contains(y.log.String(), "[hidden]") || !strings.Contains(y.log.String(), "panic in handler") {
		t.Error("nothing was hidden: the secrets went nowhere near a log")
	}
}

// stratumCanary signs a machine in with a secret.
func (y *yard) stratumCanary() {
	c, err := net.Dial("tcp", y.stratum)
	if err != nil {
		y.t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, `{"id":1,"method":"mining.subscribe","params":["hy_x.%s"]}`+"\n", canary)
	fmt.Fprintf(c, `{"id":2,"method":"mining.authorize","params":["seller.yard","password=%s"]}`+"\n", canary)
	fmt.Fprintf(c, `{"id":3,"method":"mining.authorize","params":["hy_a.%s","x"]}`+"\n", canary)
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		y.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for read := ""; !strings.Contains(read, `"id":3`); {
		n, err := c.Read(buf)
		if err != nil {
			return // hung up on, which is an answer too
		}
		read += string(buf[:n])
	}
}

// peersCanary fails at every other program, with a secret in the address or
// in what is sent.
func (y *yard) peersCanary(f *Serve) {
	ctx, cancel := context.WithTimeout(y.t.Context(), 10*time.Second)
	defer cancel()
	log := y.logger()
	fail := func(what string, err error) {
		if err == nil {
			y.t.Errorf("%s works with a wrong secret", what)
		}
		log.ErrorContext(ctx, "peer failed", "peer", what, "error", err)
	}
	_, err := signer.NewClient("http://u:"+canary+"@"+y.signerAt, canary).Info(ctx)
	fail("signer", err)
	_, err = signer.NewClient("http://u:"+canary+"@127.0.0.1:9", "x").Info(ctx)
	fail("absent signer", err)
	_, err = pg.Open(ctx, pg.Config{URL: "postgres://hashyard_app:" + canary + "@127.0.0.1:9/x?connect_timeout=2", Log: log})
	fail("database", err)
	rail, err := stripe.New(stripe.Config{Key: "sk_test_" + canary, WebhookSecret: "whsec_" + canary, URL: "http://127.0.0.1:9", Logger: log})
	if err != nil {
		y.t.Fatal(err)
	}
	_, err = rail.Payment(ctx, "pi_1_secret_"+canary)
	fail("stripe", err)
	r, err := relay.Open(relay.Config{URL: "nats://wrong-" + canary + "@" + f.NATSListen, Broker: web.NewBroker(0), Log: log})
	if err != nil {
		y.t.Fatal(err)
	}
	defer r.Close()
	fail("live stream", r.Send(ctx, "x", []byte("{}")))
}

// panicCanary lets a handler panic, and fail, with a secret.
func (y *yard) panicCanary() {
	api := web.New(web.Config{Log: y.logger()})
	public := func(path string, fail func() error) {
		op := huma.Operation{OperationID: "get-" + path, Method: http.MethodGet, Path: "/api/v1/" + path}
		web.Public(api, op, func(context.Context, *struct{}) (*struct{}, error) { return nil, fail() })
	}
	public("panic", func() error { panic("opened with sk_live_" + canary) })
	public("fail", func() error { return errors.New("postgres://u:" + canary + "@h/x refused") })
	for _, path := range []string{"panic", "fail"} {
		rec := httptest.NewRecorder()
		api.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/v1/"+path, nil))
		if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), canary) {
			y.t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
}
