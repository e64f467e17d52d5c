package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// ready asks every check. It names what is not ready; why is in the log.
func (api *API) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	checks, code := map[string]string{}, http.StatusOK
	for _, name := range slices.Sorted(maps.Keys(api.cfg.Ready)) {
		checks[name] = "ok"
		if err := api.cfg.Ready[name](ctx); err != nil {
			api.log.WarnContext(ctx, "not ready", "check", name, "err", err)
			checks[name], code = "not ready", http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(map[string]any{"ready": code == http.StatusOK, "checks": checks}); err != nil {
		api.log.DebugContext(ctx, "readiness not sent", "err", err)
	}
}
