package fake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// call is one request to the API with the change it may make.
type call struct {
	*tx
	*form
	r       *http.Request
	account string // Stripe-Account: act as this connected account
}

// id is the id that the path names.
func (c *call) id() string { return c.r.PathValue("id") }

// handler answers one endpoint. It refuses before it changes anything.
type handler func(*call) (any, *apiError)

// maxBody bounds a request; real ones are a few hundred bytes.
const maxBody = 1 << 20

// keyLife is how long a reply is kept under its idempotency key.
const keyLife = 24 * time.Hour

// savedReply is what an idempotency key answers again.
type savedReply struct {
	Print  string          `json:"print"` // of method, path and parameters
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
	At     time.Time       `json:"at"`
}

// reply is an answer on its way out.
type reply struct {
	status   int
	body     []byte
	replayed bool
	early    bool // refused before the work began: not kept under the key
	drop     bool // break the connection instead of answering
}

// api wraps an endpoint: authentication, failure knobs, idempotency, saving.
func (d *Double) api(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requestID := newID("req_")[:18]
		w.Header().Set("Request-Id", requestID)
		w.Header().Set("Stripe-Version", Version)
		key := r.Header.Get("Idempotency-Key")
		if key != "" {
			w.Header().Set("Idempotency-Key", key)
		}
		out := d.answer(h, r, requestID, key)
		if out.drop {
			cut(w)
			return
		}
		if out.replayed {
			w.Header().Set("Idempotent-Replayed", "true")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(out.status)
		_, _ = w.Write(out.body) // the client is gone; nothing to tell it
	})
}

// cut ends the connection without an answer, as a broken network would.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server then resets the stream
	}
	conn.Close()
}

func (d *Double) answer(h handler, r *http.Request, requestID, key string) reply {
	if e := d.admit(r, key); e != nil {
		return failed(e)
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return failed(badParam("", "", "The request body cannot be read or is too large."))
	}
	fault := d.takeFault(r)
	if e := fault.before(r.Context()); e != nil {
		return failed(e)
	}
	encoded := string(raw)
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		encoded = r.URL.RawQuery
	}
	f, bad := parseForm(encoded)
	if bad != nil {
		return failed(bad)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.begin()
	t.requestID, t.idemKey = requestID, key
	c := &call{tx: t, form: f, r: r, account: r.Header.Get("Stripe-Account")}
	if r.Method == http.MethodGet {
		out := d.run(h, c, nil)
		out.drop = fault.drops()
		return out
	}
	out := d.once(h, c, printOf(r, f), fault)
	d.nudge()
	return out
}

// admit checks what every request must carry.
func (d *Double) admit(r *http.Request, key string) *apiError {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		secret, _, _ = r.BasicAuth()
	}
	if secret != d.cfg.Key {
		return &apiError{Status: http.StatusUnauthorized, Type: typeInvalid, Message: "Invalid API Key provided", early: true}
	}
	if v := r.Header.Get("Stripe-Version"); v != "" && v != Version {
		return badParam("", "", "Invalid Stripe API version: %s. The double speaks %s only.", v, Version)
	}
	if len(key) > 255 {
		return badParam("", "", "The idempotency key is longer than 255 characters.")
	}
	return nil
}

// once runs a write under its idempotency key and saves what it changed.
func (d *Double) once(h handler, c *call, print string, fault *Fault) reply {
	if old, ok := d.st.Keys[c.idemKey]; ok && c.idemKey != "" && c.now.Sub(old.At) <= keyLife {
		if old.Print != print {
			return failed(&apiError{
				Status: http.StatusBadRequest, Type: typeIdempotency,
				Message: "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
					"Try using a key other than '" + c.idemKey + "' if you meant to execute a different request.",
			})
		}
		return reply{status: old.Status, body: old.Body, replayed: true, drop: fault.drops()}
	}
	out := d.run(h, c, fault.crash())
	if out.early {
		return out
	}
	if c.idemKey != "" {
		d.st.Keys[c.idemKey] = &savedReply{Print: print, Status: out.status, Body: out.body, At: c.now}
	}
	if err := d.save(); err != nil {
		d.log.Error("stripe double cannot save", "error", err)
		return failed(broken("The double could not save its state."))
	}
	out.drop = fault.drops()
	return out
}

// run answers with the endpoint's result, expanded.
func (d *Double) run(h handler, c *call, crash *apiError) reply {
	expand := c.list("expand")
	if crash != nil {
		return failed(crash)
	}
	v, e := h(c)
	if e != nil {
		return failed(e)
	}
	body, e := c.render(v, expand)
	if e != nil {
		return failed(e)
	}
	return reply{status: http.StatusOK, body: body}
}

func failed(e *apiError) reply {
	body, err := json.Marshal(map[string]any{"error": e})
	if err != nil {
		panic(err) // strings only
	}
	return reply{status: e.Status, body: body, early: e.early}
}

// printOf identifies a request by method, path and parameters, whatever the
// order in which they were written.
func printOf(r *http.Request, f *form) string {
	h := sha256.New()
	h.Write([]byte(r.Method + " " + r.URL.Path + "\n" + r.Header.Get("Stripe-Account") + "\n"))
	vals, err := json.Marshal(f.vals) // sorted keys
	if err != nil {
		panic(err) // a map of strings
	}
	h.Write(vals)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func unknownRoute(c *call) (any, *apiError) {
	return nil, &apiError{
		Status: http.StatusNotFound, Type: typeInvalid, early: true,
		Message: "Unrecognized request URL (" + c.r.Method + ": " + c.r.URL.Path + ").",
	}
}

// render writes a result, with the ids on the expand paths replaced by their
// objects.
func (c *call) render(v any, expand []string) ([]byte, *apiError) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, broken("The double could not write its reply: " + err.Error())
	}
	if len(expand) == 0 {
		return raw, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, broken("The double could not expand its reply: " + err.Error())
	}
	for _, path := range expand {
		if !c.expand(tree, strings.Split(path, ".")) {
			return nil, refuse("", "expand", "This property cannot be expanded (%s).", path)
		}
	}
	raw, err = json.Marshal(tree)
	if err != nil {
		return nil, broken("The double could not write its reply: " + err.Error())
	}
	return raw, nil
}

// expand walks one path; null on the way is fine, an unknown name is not.
func (c *call) expand(node any, path []string) bool {
	if len(path) == 0 || node == nil {
		return true
	}
	if items, ok := node.([]any); ok {
		for _, item := range items {
			if !c.expand(item, path) {
				return false
			}
		}
		return true
	}
	obj, ok := node.(map[string]any)
	if !ok {
		return false
	}
	child, ok := obj[path[0]]
	if !ok {
		return false
	}
	if id, isID := child.(string); isID {
		found := c.lookup(id)
		if found == nil {
			return false
		}
		raw, err := json.Marshal(found)
		if err != nil {
			return false
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if dec.Decode(&child) != nil {
			return false
		}
		obj[path[0]] = child
	}
	return c.expand(child, path[1:])
}

// lookup finds any object by its id.
func (t *tx) lookup(id string) any {
	prefix, _, _ := strings.Cut(id, "_")
	switch prefix {
	case "cus":
		if v, ok := t.Customers.get(id); ok {
			return v.Wire
		}
	case "pi":
		if v, ok := t.Intents.get(id); ok {
			return v.Wire
		}
	case "py":
		if v, ok := t.Charges.get(id); ok {
			return v
		}
	case "acct":
		if v, ok := t.Accounts.get(id); ok {
			return v.Wire
		}
	case "tr":
		if v, ok := t.Transfers.get(id); ok {
			return v
		}
	case "re":
		if v, ok := t.Refunds.get(id); ok {
			return v.Wire
		}
	case "txn":
		if v, ok := t.Txns.get(id); ok {
			return t.settled(v)
		}
	}
	return nil
}
