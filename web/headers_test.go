package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// TestEveryAnswerIsHardened: whatever is answered, by whichever part, carries
// the headers that browsers need.
func TestEveryAnswerIsHardened(t *testing.T) {
	t.Parallel()
	app := fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "assets/a-1.js": {Data: []byte("1")}}
	for _, tls := range []bool{false, true} {
		api := New(Config{Auth: fakeAuth{hashyard.NewID()}, TLS: tls, Static: Static(app)})
		Handle(api, huma.Operation{OperationID: "ok", Method: http.MethodGet, Path: "/api/v1/ok"}, SessionRead,
			func(context.Context, hashyard.Actor, *struct{}) (*Page[string], error) { return &Page[string]{}, nil })
		Handle(api, huma.Operation{OperationID: "panic", Method: http.MethodGet, Path: "/api/v1/panic"}, SessionRead,
			func(context.Context, hashyard.Actor, *struct{}) (*struct{}, error) { panic("no") })
		api.LoopbackOnly()
		h := api.Handler()
		for name, c := range map[string]struct {
			method, url, key, header, value string
			status                          int
		}{
			"api":           {"GET", "/api/v1/ok", "viewer", "", "", 200},
			"no key":        {"GET", "/api/v1/ok", "", "", "", 401},
			"no right":      {"GET", "/api/v1/ok", "agent", "", "", 403},
			"no route":      {"GET", "/api/v1/none", "", "", "", 404},
			"no method":     {"PUT", "/api/v1/ok", "", "", "", 405},
			"panic":         {"GET", "/api/v1/panic", "viewer", "", "", 500},
			"cross origin":  {"POST", "/api/v1/ok", "", "Sec-Fetch-Site", "cross-site", 403},
			"other origin":  {"PUT", "/api/v1/ok", "", "Origin", "https://evil.example", 403},
			"foreign name":  {"GET", "http://evil.example/", "", "", "", 421},
			"odd query":     {"GET", "/api/v1/ok?q=%00", "", "", "", 422},
			"too large":     {"PUT", "/api/v1/ok", "", "", strings.Repeat(" ", 1), 413},
			"page":          {"GET", "/market", "", "", "", 200},
			"file":          {"GET", "/assets/a-1.js", "", "", "", 200},
			"file not here": {"GET", "/assets/b-2.js", "", "", "", 404},
			"document":      {"GET", "/openapi.json", "", "", "", 200},
			"health":        {"GET", "/livez", "", "", "", 200},
		} {
			url := c.url
			if strings.HasPrefix(url, "/") {
				url = "http://localhost" + url
			}
			r := httptest.NewRequestWithContext(t.Context(), c.method, url, nil)
			if c.key != "" {
				r.Header.Set("Authorization", "Bearer "+c.key)
			}
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			if name == "too large" {
				r.Body, r.ContentLength = http.NoBody, maxUpload+1
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
			want := map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"Content-Security-Policy": csp, "Permissions-Policy": permissions, "Strict-Transport-Security": "",
			}
			if tls {
				want["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
			}
			for header, value := range want {
				if got := w.Header().Values(header); strings.Join(got, "|") != value {
					t.Errorf("%s, tls %v: %s is %q, want %q", name, tls, header, got, value)
				}
			}
			if w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%s: no request id", name)
			}
		}
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("the policy lacks %s", part)
		}
	}
	for _, own := range []string{"camera=(self)", "publickey-credentials-get=(self)", "publickey-credentials-create=(self)"} {
		if !strings.Contains(permissions, own) {
			t.Errorf("the app may not use %s", own)
		}
	}
}

// TestCookiesAreBoundToTheHost where the connection is secure.
func TestCookiesAreBoundToTheHost(t *testing.T) {
	t.Parallel()
	for tls, prefix := range map[bool]string{true: "__Host-", false: ""} {
		api := New(Config{TLS: tls})
		for _, c := range []http.Cookie{api.SessionCookie("x", 1), api.CeremonyCookie("x")} {
			if !strings.HasPrefix(c.Name, prefix+"hashyard") || c.Secure != tls || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite == http.SameSiteNoneMode {
				t.Errorf("tls %v: %+v", tls, c)
			}
		}
	}
}
