package telemetry

import (
	"context"

	"hashyard/web"
)

// Stream shows the live stream to browsers.
func Stream(r *Registry, b *web.Broker) {
	r.area("stream", []figure{
		{name: "hashyard_stream_browsers", help: "Browsers that listen to the live stream of this process."},
	}, func(_ context.Context, put put) error {
		put("hashyard_stream_browsers", float64(b.Browsers()))
		return nil
	})
}
