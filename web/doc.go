// Package web is the edge of hashyard and its identity: the HTTP server, who
// calls, and what they may do.
//
// API joins gin and huma: every domain registers its routes with Handle, which
// signs the caller in, asks Can, keeps idempotency keys and turns errors into
// problem+json, so that no handler does any of it. Service owns
// organisations, users, sessions and keys; its rows are in web/postgres, its
// routes in web/api. Broker streams events to browsers.
//
// Routes are registered before the server starts; after that an API, a
// Service and a Broker are safe for concurrent use.
package web
