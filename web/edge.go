package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"hashyard"
)

// requestInfo travels with a request; the guard fills in who called.
type requestInfo struct {
	id     string
	remote string
	route  string // the pattern that matched
	tls    bool
	actor  hashyard.Actor
}

func infoOf(ctx context.Context) *requestInfo {
	info, _ := ctx.Value(requestKey).(*requestInfo)
	return info
}

// RequestID is the id of the request that ctx belongs to, or empty.
func RequestID(ctx context.Context) string {
	if info := infoOf(ctx); info != nil {
		return info.id
	}
	return ""
}

// RemoteIP is the address the request came from, without its port.
func RemoteIP(ctx context.Context) string {
	if info := infoOf(ctx); info != nil {
		return info.remote
	}
	return ""
}

// Server is an HTTP server for h with bounds on slow callers. It has no read
// timeout: one that passes while a handler runs would end its context. Handler
// bounds the arrival of bodies and the sending of answers instead.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
}

// Handler is everything the server answers: the API, the browser app and the
// health checks. Cross-origin commands of browsers are refused out here,
// before any route is looked at.
func (api *API) Handler() http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, api.log, http.StatusForbidden, "cross-origin request refused: use the app's own address, or an API key from a program")
	}))
	inner := cross.Handler(api.gin)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &requestInfo{id: hashyard.NewID().String(), remote: clientAddress(r, api.cfg.TrustedProxies), tls: api.cfg.TLS}
		r = r.WithContext(context.WithValue(r.Context(), requestKey, info))
		sw := &statusWriter{ResponseWriter: w}
		start := api.now()
		api.headers(sw.Header(), r, info.id)
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel value, as net/http compares it
					panic(v)
				}
				api.log.ErrorContext(r.Context(), "panic in handler", "request_id", info.id, "panic", v, "stack", string(debug.Stack()))
				if sw.status != 0 {
					panic(http.ErrAbortHandler) // too late to say so: cut the answer short
				}
				WriteProblem(sw, r, api.log, http.StatusInternalServerError, "internal error")
			}
			api.access(r, info, sw, api.now().Sub(start))
		}()
		if api.local && !Loopback(r.Host) {
			WriteProblem(sw, r, api.log, http.StatusMisdirectedRequest, "this local world answers as 127.0.0.1 or localhost only")
			return
		}
		if !api.limitAddress(sw, r, info.remote) {
			return
		}
		if q, err := url.QueryUnescape(r.URL.RawQuery); err != nil || !utf8.ValidString(q) || strings.ContainsRune(q, 0) {
			WriteProblem(sw, r, api.log, http.StatusUnprocessableEntity, "the query (after ?) holds characters that no text may have")
			return
		}
		if r.Body != nil && r.ContentLength > maxUpload {
			WriteProblem(sw, r, api.log, http.StatusRequestEntityTooLarge, "the request body is too large")
			return
		}
		// Where deadlines are unknown, as in tests without a connection,
		// nothing waits for the network either.
		rc := http.NewResponseController(w)
		_ = rc.SetWriteDeadline(time.Now().Add(answerTimeout))
		if r.ContentLength != 0 {
			_ = rc.SetReadDeadline(time.Now().Add(api.cfg.BodyTimeout))
			r.Body = &timedBody{ReadCloser: http.MaxBytesReader(sw, r.Body, maxUpload), rc: rc}
		}
		inner.ServeHTTP(sw, r)
	})
}

// Loopback reports whether a Host header names this machine itself, with any
// port or none.
func Loopback(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, "0"
		if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
			name = host[1 : len(host)-1]
		} else if strings.Contains(host, ":") {
			return false
		}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	return name == "127.0.0.1" || name == "::1" || strings.EqualFold(name, "localhost")
}

// timedBody takes the read deadline away once the body has arrived.
type timedBody struct {
	io.ReadCloser
	rc *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF { //nolint:errorlint // readers return it bare
		_ = b.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}

// keepDeadline keeps huma from replacing the body's deadline by its own, which
// would go on running into the handler.
func keepDeadline(ctx huma.Context, next func(huma.Context)) { next(&deadlineKept{ctx}) }

type deadlineKept struct{ inner }

func (d *deadlineKept) Unwrap() huma.Context            { return d.inner }
func (d *deadlineKept) SetReadDeadline(time.Time) error { return nil }

// answerTimeout is how long a request may take to the last byte of its answer;
// streams move the deadline along.
const answerTimeout = 2 * time.Minute

// maxUpload bounds any body at all, below every route's own bound.
const maxUpload = 64 << 20

// csp lets the embedded app load its own files only; scripts are files alone.
// Styles may be inline: the app's component library writes style attributes,
// which no nonce covers, and the page is one file that is the same for everyone
// and so has no nonce to give to its style elements.
const csp = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; manifest-src 'self'; media-src 'self' blob:; worker-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// permissions keeps what the app does not use from everything in it. The camera
// is the warehouse's scanner.
const permissions = "camera=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), " +
	"microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), display-capture=()"

func (api *API) headers(h http.Header, r *http.Request, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions)
	h.Set("Content-Security-Policy", csp)
	if api.cfg.TLS {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
}

// access logs commands and failures; reads that worked are debug detail. No
// query, header or body is logged: they may carry secrets.
func (api *API) access(r *http.Request, info *requestInfo, w *statusWriter, took time.Duration) {
	gone := r.Context().Err() != nil // nothing of ours ends it before this returns
	if api.cfg.Observe != nil {
		api.cfg.Observe(r.Context(), Exchange{Method: r.Method, Route: info.route, Status: w.status, Took: took, Gone: gone})
	}
	attrs := []any{
		"request_id", info.id, "method", r.Method, "path", r.URL.Path, "status", w.status,
		"bytes", w.bytes, "took_ms", took.Milliseconds(), "remote", info.remote,
	}
	if !info.actor.Org.IsZero() {
		attrs = append(attrs, "org_id", info.actor.Org, "user_id", info.actor.User, "key_id", info.actor.Key)
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case gone && (w.status == 0 || w.status >= http.StatusInternalServerError): // who left was answered nothing: no failure of ours
		api.log.DebugContext(r.Context(), "caller left", attrs...)
	case w.status >= http.StatusInternalServerError:
		api.log.WarnContext(r.Context(), "request answered", attrs...)
	case read && w.status < http.StatusBadRequest:
		api.log.DebugContext(r.Context(), "request answered", attrs...)
	default:
		api.log.InfoContext(r.Context(), "request answered", attrs...)
	}
}

func (api *API) edgeRoutes() {
	api.gin.HandleMethodNotAllowed = true
	api.gin.RedirectTrailingSlash = false
	api.gin.NoMethod(func(c *gin.Context) {
		WriteProblem(c.Writer, c.Request, api.log, http.StatusMethodNotAllowed, c.Request.Method+" is not something this path does")
	})
	api.gin.NoRoute(func(c *gin.Context) {
		read := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
		if api.cfg.Static == nil || !read || c.Request.URL.Path == "/api" || strings.HasPrefix(c.Request.URL.Path, "/api/") {
			WriteProblem(c.Writer, c.Request, api.log, http.StatusNotFound, "there is nothing at this path")
			return
		}
		c.Writer.WriteHeader(http.StatusOK) // gin starts NoRoute as 404
		api.cfg.Static.ServeHTTP(c.Writer, c.Request)
	})
	api.gin.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	api.gin.GET("/readyz", func(c *gin.Context) { api.cfg.Health.Write(c.Writer, c.Request, false) })
	api.gin.GET("/openapi.json", func(c *gin.Context) {
		doc, err := api.document()
		if err != nil {
			api.log.ErrorContext(c.Request.Context(), "openapi document not made", "err", err)
			WriteProblem(c.Writer, c.Request, api.log, http.StatusInternalServerError, "internal error")
			return
		}
		c.Data(http.StatusOK, "application/openapi+json", doc)
	})
}

// statusWriter remembers what was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *statusWriter) WriteHeader(code int) {
	if w.status == 0 && code >= http.StatusOK {
		w.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is asked for by type assertion inside gin.
func (w *statusWriter) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}
