package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"hashyard"
)

// EventMessage is the data of a domain event in the stream.
type EventMessage struct {
	ID      hashyard.ID        `json:"id"`
	Kind    hashyard.EventKind `json:"kind"`
	At      time.Time          `json:"at"`
	Ref     hashyard.Ref       `json:"ref"`
	Units   []hashyard.ID      `json:"units"`
	Payload any                `json:"payload"`
}

// heartbeat is how often a stream says that it is alive, by the event tick
// {at}; writing it is also how a vanished browser is noticed.
const heartbeat = 15 * time.Second

type streamIn struct {
	LastID string `header:"Last-Event-ID" maxLength:"64" doc:"Resume after this message."`
	// A page that reloads cannot set a header on an EventSource.
	Since string `query:"since" maxLength:"64" doc:"Same as Last-Event-ID."`
}

// RegisterStream adds GET /api/v1/events, the live stream of broker.
func RegisterStream(api *API, broker *Broker) {
	Handle(api, Idle(huma.Operation{
		OperationID: "stream-events", Method: http.MethodGet, Path: "/api/v1/events", Tags: []string{"events"},
		Summary: "Live events of your organisation as server-sent events",
		Responses: map[string]*huma.Response{"200": {
			Description: "A stream: first hello {seq, resumed, every_ms, at}, then a message per event, and tick {at} every every_ms.",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
		}},
	}), SessionRead, func(ctx context.Context, actor hashyard.Actor, in *streamIn) (*huma.StreamResponse, error) {
		last := in.LastID
		if last == "" {
			last = in.Since
		}
		return api.limitStreams(actor.Org, func(hctx huma.Context) { api.stream(hctx, broker, actor, last) })
	})
}

func (api *API) stream(hctx huma.Context, broker *Broker, actor hashyard.Actor, last string) {
	ctx := hctx.Context()
	seq := broker.Seq()
	sub, missed, resumed := broker.Subscribe(actor, last)
	defer sub.Close()
	hctx.SetHeader("Content-Type", "text/event-stream")
	hctx.SetHeader("Cache-Control", "no-cache")
	hctx.SetHeader("X-Accel-Buffering", "no")
	hctx.SetStatus(http.StatusOK)
	w := &streamWriter{w: hctx.BodyWriter(), rc: http.NewResponseController(humagin.Unwrap(hctx).Writer)}
	// The hello carries no id: the browser's resume point stays what it was.
	w.printf("event: hello\ndata: {\"seq\":%q,\"resumed\":%t,\"every_ms\":%d,\"at\":%q}\n\n",
		seq, resumed, heartbeat.Milliseconds(), api.now().UTC().Format(time.RFC3339Nano))
	for _, m := range missed {
		w.message(m)
	}
	w.flush()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for w.err == nil {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !api.mayStillListen(hctx, actor) {
				return
			}
			w.printf("event: tick\ndata: {\"at\":%q}\n\n", api.now().UTC().Format(time.RFC3339Nano))
		case m, open := <-sub.C:
			if !open {
				return // too slow, or the server ends: the browser resumes
			}
			w.message(m)
		}
		w.flush()
	}
}

// mayStillListen is false when the caller signed out, was revoked or got other
// roles while listening: the browser comes back and sees by those. A database
// that does not answer says nothing of it.
func (api *API) mayStillListen(hctx huma.Context, actor hashyard.Actor) bool {
	caller, err := api.authenticate(hctx)
	if err != nil {
		return !errors.Is(err, hashyard.Unauthenticated)
	}
	return caller.Stage == Full && Can(caller.Actor, SessionRead) && slices.Equal(caller.Actor.Roles, actor.Roles)
}

// streamWriter writes with a deadline each time and remembers the first error.
type streamWriter struct {
	w   io.Writer
	rc  *http.ResponseController
	err error
}

func (s *streamWriter) printf(format string, args ...any) {
	if s.err != nil {
		return
	}
	// Not every connection knows deadlines; the heartbeat still ends it then.
	_ = s.rc.SetWriteDeadline(time.Now().Add(heartbeat))
	_, s.err = fmt.Fprintf(s.w, format, args...)
}

func (s *streamWriter) message(m Message) {
	s.printf("id: %s\nevent: %s\ndata: %s\n\n", m.ID, m.Event, m.Data)
}

func (s *streamWriter) flush() {
	if s.err == nil {
		s.err = s.rc.Flush()
	}
}
